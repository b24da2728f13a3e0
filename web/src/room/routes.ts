/** Pages of a live session: the entrance by link or code, the leader's desk, the mediator's room. */

import type { RouteRecordRaw } from "vue-router";

const texts = ["room"] as const;

export const roomRoutes: RouteRecordRaw[] = [
  {
    path: "/i/:token",
    component: () => import("./entrance/InvitationPage.vue"),
    meta: { area: "resident", texts, title: "room.title.entrance" },
  },
  {
    path: "/seat",
    component: () => import("./entrance/SeatPage.vue"),
    meta: { area: "resident", texts, title: "room.title.entrance" },
  },
  {
    path: "/code",
    component: () => import("@/shells/ResidentShell.vue"),
    meta: { area: "resident", texts },
    children: [{ path: "", component: () => import("./entrance/CodePage.vue"), meta: { title: "room.title.code" } }],
  },
  {
    path: "/staff/desk/:appointmentId?",
    component: () => import("./desk/DeskPage.vue"),
    meta: { area: "staff", texts: ["staff", ...texts], title: "room.title.desk", guarded: true },
  },
  {
    path: "/staff/room/:appointmentId",
    component: () => import("./chamber/ChamberPage.vue"),
    meta: { area: "staff", texts: ["staff", ...texts], title: "room.title.chamber", guarded: true },
  },
  {
    path: "/staff/door",
    component: () => import("@/shells/StaffShell.vue"),
    meta: { area: "staff", texts: ["staff", ...texts], guarded: true },
    children: [{ path: "", component: () => import("./chamber/DoorPage.vue"), meta: { title: "room.door.page" } }],
  },
];
