/** What the components show, as plain values. */

import type { IconName } from "./icons";

export type Tone = "plain" | "info" | "good" | "warn" | "bad" | "warm";

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly title: string;
  readonly detail?: string;
  /** Short word at the end of the line, such as how many places are left. */
  readonly note?: string;
  readonly disabled?: boolean;
}

export interface Tab<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly count?: number;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Breaks at spaces only, such as a date. */
  readonly whole?: boolean;
}

export interface StripDay {
  /** The calendar day, as 2026-08-04. */
  readonly date: string;
  readonly state: "free" | "full" | "none";
  /** A word below the day, such as how many places are left. */
  readonly note?: string;
  /** Free, but not what was looked for. */
  readonly faint?: boolean;
}

export interface ChipSlot {
  readonly id: string;
  readonly start: string;
  readonly state: "free" | "full" | "closed";
  /** Why it cannot be chosen: in a word below the time, and in a sentence on a tap. */
  readonly word?: string;
  readonly reason?: string;
}

export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly title: string;
  readonly detail?: string;
  readonly actor?: string;
  readonly icon?: IconName;
  /** What still lies ahead. */
  readonly ahead?: boolean;
}

export interface PickedFile {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly state: "sending" | "kept" | "failed";
  readonly error?: string;
  /** Of what failed: another try may help. */
  readonly again?: boolean;
}
