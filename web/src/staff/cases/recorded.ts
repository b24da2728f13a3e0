/** What was recorded of a session, as the timeline holds it: read without trust in its shape. */

import type { EntryView } from "@/api/schema.gen";

export interface RecordedFile {
  readonly id: string;
  readonly name: string;
  readonly beganAt: string;
  readonly seconds: number;
  readonly octets: number;
  readonly sha256: string;
  /** The server ended while it was written. */
  readonly interrupted: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function recordedOf(entry: EntryView): RecordedFile[] {
  const names = fieldsOf(fieldsOf(entry.personal)["names"]);
  const files = fieldsOf(entry.facts)["files"];
  return (Array.isArray(files) ? files : []).map(fieldsOf).map((file) => ({
    id: textOf(file["id"]),
    name: textOf(names[textOf(file["participant_id"])]),
    beganAt: textOf(file["began_at"]),
    seconds: Number(file["seconds"]),
    octets: Number(file["octets"]),
    sha256: textOf(file["sha256"]),
    interrupted: file["interrupted"] === true,
  }));
}
