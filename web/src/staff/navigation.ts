/** What stands in the staff's side navigation, and for whom. */

import type { IconName } from "@/design/icons";

export interface Section {
  readonly to: string;
  /** Key of its name in the staff texts. */
  readonly name: string;
  readonly icon: IconName;
  /** Roles that see it; everybody when there are none. */
  readonly roles: readonly string[];
  /** Second key after "g". */
  readonly key: string;
}

/** In the order of a day's work. Who may do what is the server's to say; this only keeps menus short. */
export const SECTIONS: readonly Section[] = [
  { to: "/staff", name: "staff.navigation.today", icon: "home", roles: [], key: "h" },
  { to: "/staff/desk", name: "staff.navigation.desk", icon: "camera", roles: ["leader", "operator"], key: "k" },
  { to: "/staff/mediations", name: "staff.navigation.mediations", icon: "scales", roles: ["mediator"], key: "m" },
  { to: "/staff/reviews", name: "staff.navigation.reviews", icon: "inbox", roles: ["clerk"], key: "r" },
  { to: "/staff/wishes", name: "staff.navigation.wishes", icon: "hand", roles: ["clerk"], key: "x" },
  { to: "/staff/calls", name: "staff.navigation.calls", icon: "phone", roles: ["clerk"], key: "c" },
  { to: "/staff/door", name: "staff.navigation.door", icon: "people", roles: ["clerk"], key: "o" },
  { to: "/staff/site", name: "staff.navigation.site", icon: "key", roles: ["village_worker", "clerk"], key: "i" },
  { to: "/staff/book", name: "staff.navigation.book", icon: "pen", roles: ["clerk", "village_worker"], key: "b" },
  { to: "/staff/appointments", name: "staff.navigation.appointments", icon: "list", roles: ["clerk", "village_worker"], key: "a" },
  {
    to: "/staff/calendar",
    name: "staff.navigation.calendar",
    icon: "calendar",
    roles: ["clerk", "leader", "operator", "leader_office", "supervisor", "mediator", "handler", "recorder"],
    key: "l",
  },
  { to: "/staff/days", name: "staff.navigation.days", icon: "clock", roles: ["clerk", "leader", "operator", "leader_office", "supervisor"], key: "d" },
  { to: "/staff/joint", name: "staff.navigation.joint", icon: "people", roles: ["clerk"], key: "j" },
  { to: "/staff/roster", name: "staff.navigation.roster", icon: "list", roles: ["clerk", "supervisor"], key: "t" },
  { to: "/staff/figures", name: "staff.navigation.figures", icon: "list", roles: ["supervisor", "leader_office", "clerk"], key: "f" },
  { to: "/staff/plans", name: "staff.navigation.plans", icon: "document", roles: ["clerk", "leader_office", "supervisor"], key: "p" },
  {
    to: "/staff/cases",
    name: "staff.navigation.cases",
    icon: "folder",
    roles: ["clerk", "leader", "operator", "mediator", "handler", "supervisor", "recorder"],
    key: "s",
  },
  { to: "/staff/duty", name: "staff.navigation.duty", icon: "shield", roles: ["duty_officer"], key: "w" },
  { to: "/staff/audit", name: "staff.navigation.audit", icon: "search", roles: ["auditor"], key: "u" },
];

export function sectionsFor(roles: ReadonlySet<string>, sections: readonly Section[] = SECTIONS): Section[] {
  return sections.filter((section) => section.roles.length === 0 || section.roles.some((role) => roles.has(role)));
}
