/** What the demo sent, ready to be shown. */

export interface DemoMessage {
  readonly key: string;
  readonly at: string;
  readonly channel: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly calendar: string | null;
}

export type TextPart = { readonly text: string } | { readonly text: string; readonly href: string };

/** Splits a text into words and addresses; an address of this site is opened within it. */
export function partsOf(text: string, origin: string): TextPart[] {
  const parts: TextPart[] = [];
  let rest = text;
  for (;;) {
    const found = /https?:\/\/[^\s<>"'，。；）)]*[^\s<>"'，。；）),.;:!?]/.exec(rest);
    if (found === null) break;
    if (found.index > 0) parts.push({ text: rest.slice(0, found.index) });
    const [address] = found;
    parts.push({ text: address, href: address.startsWith(`${origin}/`) ? address.slice(origin.length) : address });
    rest = rest.slice(found.index + address.length);
  }
  return rest === "" ? parts : [...parts, { text: rest }];
}

export interface CalendarFacts {
  readonly method: string;
  readonly sequence: string;
  readonly summary: string;
}

/** The lines of a calendar object that say what it does; long ones are folded (RFC 5545, 3.1). */
export function calendarFacts(calendar: string): CalendarFacts {
  const lines = calendar.replace(/\r?\n[ \t]/g, "").split(/\r?\n/);
  const valueOf = (name: string) => lines.find((line) => new RegExp(`^${name}[;:]`, "i").test(line))?.replace(/^[^:]*:/, "") ?? "";
  return { method: valueOf("METHOD"), sequence: valueOf("SEQUENCE"), summary: valueOf("SUMMARY").replaceAll("\\", "") };
}
