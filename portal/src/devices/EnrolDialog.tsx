// The enrolment steps in a dialog.
import {
  Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle,
} from "@fluentui/react-components";
import { useText } from "../i18n/text";
import { Fluent } from "../ui/fluent";
import { EnrolSteps } from "./Enrol";

export default function EnrolDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  return (
    <Fluent>
      <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>{t("devices.add")}</DialogTitle>
            <DialogContent><EnrolSteps /></DialogContent>
            <DialogActions><Button onClick={onClose}>{t("devices.close")}</Button></DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </Fluent>
  );
}
