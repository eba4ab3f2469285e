// An address that leads nowhere.
import { Link } from "@tanstack/react-router";
import { useText } from "../i18n/text";
import { EmptyState } from "../ui/states";

export function NotFoundPage() {
  const t = useText();
  return (
    <main id="content">
      <EmptyState title={t("error.page")} text={t("error.notFound")}>
        <Link className="button primary" to="/devices" search={{}}>{t("error.home")}</Link>
      </EmptyState>
    </main>
  );
}
