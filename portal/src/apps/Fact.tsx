// A name, a value in type that is easy to compare, and a button that copies it.
import { useText } from "../i18n/text";
import { CopyButton } from "../ui/Copy";

export function Fact({ name, value, copy = true }: { name: string; value: string; copy?: boolean }) {
  const t = useText();
  return (
    <div className="fact">
      <dt className="dim">{name}</dt>
      <dd className={copy ? "mono" : undefined}>
        {value}
        {copy && <CopyButton text={value} label={t("pane.copy", { name })} />}
      </dd>
    </div>
  );
}
