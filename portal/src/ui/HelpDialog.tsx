// Keyboard shortcuts and search grammar.
import {
  Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle,
} from "@fluentui/react-components";
import type { TextKey } from "../i18n/en";
import { useText } from "../i18n/text";
import { FIELDS } from "../timeline/search";
import { Fluent } from "./fluent";
import { openHelp, useHelpOpen } from "./help";
import "./help.css";

const KEYS: [string[], TextKey][] = [
  [["j", "↓", "k", "↑"], "help.key.move"],
  [["Enter"], "help.key.open"],
  [["Esc"], "help.key.esc"],
  [["/"], "help.key.search"],
  [["!"], "help.key.fail"],
  [["[", "]"], "help.key.zoom"],
  [["o"], "help.key.order"],
  [["u"], "help.key.zone"],
  [["g d"], "help.key.devices"],
  [["g a"], "help.key.alerts"],
  [["?"], "help.key.help"],
];

const GRAMMAR: [string, TextKey][] = [
  ["curl example.com", "help.grammar.words"],
  ['"connection refused"', "help.grammar.phrase"],
  ["-systemd", "help.grammar.not"],
  ["host:*.example.com", "help.grammar.field"],
];

export default function HelpDialog() {
  const t = useText();
  const open = useHelpOpen();
  return (
    <Fluent>
      <Dialog open={open} onOpenChange={(_, data) => openHelp(data.open)}>
        <DialogSurface className="help">
          <DialogBody>
            <DialogTitle>{t("help.title")}</DialogTitle>
            <DialogContent>
              <div className="help-columns">
                <section aria-label={t("help.keys")}>
                  <h3>{t("help.keys")}</h3>
                  <dl>
                    {KEYS.map(([keys, text]) => (
                      <div key={text}>
                        <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
                        <dd>{t(text)}</dd>
                      </div>
                    ))}
                  </dl>
                </section>
                <section aria-label={t("help.search")}>
                  <h3>{t("help.search")}</h3>
                  <dl className="grammar">
                    {GRAMMAR.map(([example, text]) => (
                      <div key={text}>
                        <dt><code>{example}</code></dt>
                        <dd>{t(text)}</dd>
                      </div>
                    ))}
                  </dl>
                  <p className="dim">{t("help.grammar.fields", { fields: FIELDS.map((field) => `${field}:`).join(" ") })}</p>
                </section>
              </div>
            </DialogContent>
            <DialogActions>
              <Button appearance="primary" onClick={() => openHelp(false)}>{t("help.close")}</Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </Fluent>
  );
}
