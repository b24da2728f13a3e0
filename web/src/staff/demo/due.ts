/** What is about to begin in the demo, with everybody's way in. */

export interface DueWay {
  readonly appointment_id: string;
  readonly session_kind: string;
  readonly begins_at: string;
  readonly role: string;
  readonly name: string;
  /** Nobody signs in behind a personal link. */
  readonly login: string | null;
  readonly path: string;
}

export interface DueSession {
  readonly id: string;
  readonly kind: string;
  readonly begins_at: string;
  readonly ways: readonly DueWay[];
  /** How many more of this host's sessions of the kind come after it. */
  readonly line: number;
}

function hostOf(ways: readonly DueWay[]): string | undefined {
  return ways.find((way) => way.role === "host")?.login ?? undefined;
}

/** The ways into each session that somebody can enter by a personal link, in the order of time. */
function bySession(ways: readonly DueWay[]): DueWay[][] {
  const sessions = new Map<string, DueWay[]>();
  for (const way of ways) sessions.set(way.appointment_id, [...(sessions.get(way.appointment_id) ?? []), way]);
  return [...sessions.values()].filter((session) => session.some((way) => way.login === null));
}

/** The next session of each kind, those with a personal link before those who sign in. */
export function dueSessions(ways: readonly DueWay[]): DueSession[] {
  const found = new Map<string, DueSession>();
  for (const session of bySession(ways)) {
    const [first] = session;
    if (first === undefined) continue;
    const { appointment_id: id, session_kind: kind, begins_at } = first;
    const known = found.get(kind);
    const ordered = [...session].sort((one, other) => Number(one.login !== null) - Number(other.login !== null));
    if (known === undefined) found.set(kind, { id, kind, begins_at, ways: ordered, line: 0 });
    else if (hostOf(known.ways) === hostOf(session)) found.set(kind, { ...known, line: known.line + 1 });
  }
  return [...found.values()];
}
