// The search box: searches while typing, but never inside an input method's composition.
import type { ChangeEvent, KeyboardEvent } from "react";
import { memo, useEffect, useRef, useState } from "react";
import { useText } from "../i18n/text";
import { CloseIcon, SearchIcon } from "../ui/icons";
import { addKeys } from "../ui/keys";

const DEBOUNCE_MS = 120;

export const SearchBox = memo(function SearchBox({ value, label, placeholder, onSearch }: {
  value: string;
  label: string;
  placeholder: string;
  /** `typing` is true while one text is being written: Back then undoes the whole of it. */
  onSearch: (text: string, typing: boolean) => void;
}) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const composing = useRef(false);
  const typing = useRef(false);
  const sent = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => addKeys({
    "/": () => {
      input.current?.focus();
      input.current?.select();
    },
  }), []);
  // The address changed elsewhere (Back, a chip): the box follows.
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = (next: string) => {
    clearTimeout(timer.current);
    if (next === sent.current) return;
    onSearch(next, typing.current);
    sent.current = next;
    typing.current = true;
  };
  const later = (next: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next), DEBOUNCE_MS);
  };
  const onChange = (event: ChangeEvent<HTMLInputElement>) => {
    setText(event.target.value);
    if (!composing.current) later(event.target.value);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") send(text);
    if (event.key === "Escape") {
      event.preventDefault();
      input.current?.blur();
    }
  };
  return (
    <div className="field-icon search-box" role="search">
      <SearchIcon />
      <input
        ref={input} type="search" className="input" value={text} aria-label={label} placeholder={placeholder} spellCheck={false}
        autoComplete="off" autoCapitalize="off" onChange={onChange} onKeyDown={onKeyDown}
        onCompositionStart={() => {
          composing.current = true;
        }}
        onCompositionEnd={(event) => {
          composing.current = false;
          later(event.currentTarget.value);
        }}
        onBlur={() => {
          typing.current = false;
        }}
      />
      {text !== "" && (
        <button
          type="button" className="button small plain icon" aria-label={t("timeline.search.clear")} title={t("timeline.search.clear")}
          onClick={() => {
            setText("");
            send("");
            input.current?.focus();
          }}
        ><CloseIcon size={14} /></button>
      )}
    </div>
  );
});
