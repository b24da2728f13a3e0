/** A request that waits for a clerk: whose, what about, and whether it waited too long. */
export interface Queued {
  readonly id: string;
  readonly person_name: string | null;
  readonly sentence: string | null;
  readonly overdue: boolean;
}
