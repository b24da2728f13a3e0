/** Columns of a table of rows. */

export interface Column {
  readonly key: string;
  readonly label: string;
  readonly align?: "end";
  /** `title` and `name` are what the row is called, a sentence or a few words; `acts` what can be done with it. */
  readonly kind?: "title" | "acts" | "time" | "number" | "short" | "name";
}
