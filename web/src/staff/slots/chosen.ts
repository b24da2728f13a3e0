/** A time that was chosen for somebody. */

export interface ChosenTime {
  readonly slot_id: string;
  readonly begins_at: string;
  readonly leader_name: string;
}
