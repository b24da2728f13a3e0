/** A matter told on the phone, as it is typed. */

import type { Category } from "@/api/schema.gen";

export interface ToldMatter {
  note: string;
  sentence: string;
  category: Category | null;
  subject: string;
}

export const UNTOLD: ToldMatter = { note: "", sentence: "", category: null, subject: "" };
