// The icons, 16 px, drawn with the current colour. They never carry meaning alone.
import type { ReactNode } from "react";

function icon(content: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.3"
        strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"
      >
        {content}
      </svg>
    );
  };
}

export const SearchIcon = icon(<><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.5" /></>);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const CopyIcon = icon(<><rect x="5.5" y="5.5" width="8" height="8" rx="1.3" /><path d="M10.5 3.5v-.2A.8.8 0 0 0 9.7 2.500H3.300a.8.8 0 0 0-.8.8V9.700a.8.8 0 0 0 .8.8h.2" /></>);
export const CheckIcon = icon(<path d="m3 8.5 3.3 3.300L13 5" />);
export const PlusIcon = icon(<path d="M8 3.500v9M3.5 8h9" />);
export const MinusIcon = icon(<path d="M3.5 8h9" />);
export const FilterIcon = icon(<path d="M2 3.5h12M4.5 8h7M6.5 12.5h3" />);
export const LinkIcon = icon(<path d="M6.7 9.300a2.5 2.5 0 0 0 3.5 0l2.3-2.300a2.5 2.5 0 0 0-3.5-3.500L8.3 4.200M9.3 6.700a2.5 2.5 0 0 0-3.5 0L3.5 9a2.5 2.5 0 0 0 3.5 3.500l.7-.7" />);
export const ArrowDownIcon = icon(<path d="M8 3v10m0 0 3.5-3.500M8 13 4.5 9.5" />);
export const ArrowUpIcon = icon(<path d="M8 13V3m0 0L4.5 6.500M8 3l3.5 3.5" />);
export const ChevronRightIcon = icon(<path d="m6 3.5 4.5 4.500L6 12.5" />);
export const ChevronDownIcon = icon(<path d="m3.5 6 4.5 4.500L12.5 6" />);
export const WarnIcon = icon(<><path d="M8 2.2 14.3 13.300H1.700Z" /><path d="M8 6.300v3.200M8 11.400v.1" /></>);
export const ZoomInIcon = icon(<><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.500M7 5v4M5 7h4" /></>);
export const ZoomOutIcon = icon(<><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.500M5 7h4" /></>);
export const TableIcon = icon(<><rect x="2" y="3" width="12" height="10" rx="1" /><path d="M2 6.500h12M2 9.800h12M6.5 6.500V13" /></>);
export const SunIcon = icon(<><circle cx="8" cy="8" r="2.8" /><path d="M8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M12.6 3.400l-.9.9M4.3 11.700l-.9.9" /></>);
export const MoonIcon = icon(<path d="M13.2 9.700A5.7 5.7 0 0 1 6.3 2.800a5.7 5.7 0 1 0 6.9 6.900Z" />);
export const AutoThemeIcon = icon(<><circle cx="8" cy="8" r="5.7" /><path d="M8 2.300v11.400a5.7 5.7 0 0 0 0-11.400Z" fill="currentColor" /></>);
export const HelpIcon = icon(<><circle cx="8" cy="8" r="6" /><path d="M6.3 6.300a1.8 1.8 0 1 1 2.6 1.600c-.6.3-.9.7-.9 1.300M8 11.200v.1" /></>);
export const ExitIcon = icon(<path d="M6.5 2.500h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10 11l3-3-3-3M13 8H6" />);
export const DeviceIcon = icon(<><rect x="2" y="3" width="12" height="8" rx="1" /><path d="M6 13.500h4M8 11v2.5" /></>);

// Event groups.
export const ProcessIcon = icon(<><rect x="2.5" y="2.5" width="11" height="11" rx="1.5" /><path d="M6.5 5.500v5l4-2.500Z" /></>);
export const FileIcon = icon(<path d="M4 1.800h5.200L12.5 5v9.200H4ZM9 1.800V5.200h3.5" />);
export const NetworkIcon = icon(<><circle cx="8" cy="8" r="6" /><path d="M2 8h12M8 2c2 1.7 2.8 3.7 2.8 6S10 12.3 8 14C6 12.3 5.2 10.3 5.2 8S6 3.7 8 2Z" /></>);
export const DnsIcon = icon(<><path d="M3 2.500h7.500l2.5 2-2.5 2H3ZM13 7.500H5.500L3 9.500l2.5 2H13Z" /><path d="M8 11.500v3" /></>);
export const RegistryIcon = icon(<><rect x="2.5" y="2.5" width="4.5" height="4.5" /><rect x="9" y="2.5" width="4.5" height="4.5" /><rect x="2.5" y="9" width="4.5" height="4.5" /><rect x="9" y="9" width="4.5" height="4.5" /></>);
export const UserIcon = icon(<><circle cx="8" cy="5.3" r="2.8" /><path d="M2.8 13.500c.6-2.7 2.6-4 5.2-4s4.6 1.3 5.2 4" /></>);
export const ClockIcon = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 4.500V8l2.5 1.5" /></>);
export const ShieldIcon = icon(<path d="M8 1.8 13 3.500v4.200c0 3-2 5.2-5 6.5-3-1.3-5-3.5-5-6.500V3.500Z" />);
export const AlertIcon = icon(<path d="M8 1.800v1M3.8 11.500c.8-.8 1-2 1-4a3.2 3.2 0 0 1 6.4 0c0 2 .2 3.2 1 4ZM6.8 13.500a1.3 1.3 0 0 0 2.4 0" />);
export const PulseIcon = icon(<path d="M1.5 8.500h3L6.5 3.500l3 9 2-4h3" />);
export const TerminalIcon = icon(<><rect x="1.8" y="2.8" width="12.4" height="10.4" rx="1.2" /><path d="m4.5 6 2 2-2 2M8.5 10.500h3" /></>);
export const ScriptIcon = icon(<path d="M5 2.500h8v9a2 2 0 0 1-2 2H4M5 2.500A1.5 1.5 0 0 0 3.5 4v7.500H2a2 2 0 0 0 2 2 2 2 0 0 0 1.5-2V4A1.5 1.5 0 0 0 5 2.500M8 6h2.500M8 8.500h2.5" />);

export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="var(--brand)" aria-hidden="true">
      <circle cx="12" cy="12" r="10" strokeWidth="2.2" />
      <path d="M12.6 5.600a6.4 6.4 0 1 0 5.8 6.9" strokeWidth="2" strokeLinecap="round" />
      <circle cx="12.2" cy="12.2" r="2.6" fill="var(--brand)" stroke="none" />
    </svg>
  );
}
