// State of a device: a dot and the word.
import type { DeviceState } from "../api/types";
import { useText } from "../i18n/text";

export function StateDot({ state }: { state: DeviceState }) {
  const t = useText();
  return <span className="state-dot" data-state={state}>{t(`devices.state.${state}`)}</span>;
}
