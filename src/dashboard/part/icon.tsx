// Small drawn signs. Each has a shape of its own, so that colour is never the only sign.

const PATHS = {
  wait: "M5 13V6.5a1.2 1.2 0 0 1 2.4 0V4a1.2 1.2 0 0 1 2.4 0v2.5-1a1.2 1.2 0 0 1 2.4 0V9c0 3-1.6 5-4.2 5C6 14 5.600 13.500 3 9.800c-.8-1.200.7-2.200 2-.8",
  work: "M4.500 3.200v9.600L12.500 8z",
  idle: "M12.500 9.600A5 5 0 0 1 6.400 3.500a5 5 0 1 0 6.100 6.100z",
  interrupted: "M5.800 2.500h4.400l3.300 3.300v4.400l-3.300 3.300H5.800L2.500 10.200V5.800zM5.500 8h5",
  ended: "M3.200 8.400l3.200 3.200 6.400-7",
  lost: "M5.600 6a2.400 2.400 0 1 1 3.600 2.100c-.8.500-1.200.9-1.200 1.900M8 12.600v.2",
  failed: "M4 4l8 8M12 4l-8 8",
  agent: "M4 3v7a2 2 0 0 0 2 2h6M9.500 9.500L12 12l-2.500 2.500",
  gap: "M2.500 8h3M10.500 8h3M7 4l2 8",
  branch: "M5 4v8M5 9c4 0 6-1 6-4M5 3.500a1 1 0 1 0 0 .01M5 12.500a1 1 0 1 0 0 .01M11 4.500a1 1 0 1 0 0 .01",
  sun: "M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600M8 1.500v1.700M8 12.800v1.700M1.500 8h1.700M12.800 8h1.700M3.400 3.400l1.200 1.200M11.400 11.400l1.200 1.200M12.600 3.400l-1.200 1.200M4.600 11.400l-1.200 1.200",
  moon: "M12.500 9.600A5 5 0 0 1 6.400 3.500a5 5 0 1 0 6.100 6.100z",
  system: "M2.500 3.500h11v7.500h-11zM6 13.500h4",
  bell: "M4 11V7.500a4 4 0 0 1 8 0V11l1 1.200H3zM6.800 14h2.400",
  find: "M7 2.800a4.200 4.200 0 1 0 0 8.400 4.200 4.200 0 0 0 0-8.400M10.200 10.200L13.500 13.500",
  keys: "M2 4.500h12v7H2zM4.500 7h.01M7 7h.01M9.500 7h.01M12 7h.01M5 9.300h6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" data-icon={name}>
      <path d={PATHS[name]} />
    </svg>
  );
}
