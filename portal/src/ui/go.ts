// Navigation from code that is no component.
import { router } from "../routes";

export function goTo(href: string, options: { replace?: boolean } = {}): void {
  if (options.replace === true) router.history.replace(href);
  else router.history.push(href);
}
