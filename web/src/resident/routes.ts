/** Pages of the residents. The home page and its shell come with the client: most people arrive there. */

import type { RouteRecordRaw } from "vue-router";
import ResidentShell from "@/shells/ResidentShell.vue";
import { useHome } from "./home/answer";
import HomePage from "./HomePage.vue";

const booking: RouteRecordRaw[] = [
  { path: "book", component: () => import("./booking/BookPage.vue"), meta: { title: "resident.book.title" } },
  { path: "book/times", component: () => import("./booking/TimesPage.vue"), meta: { title: "resident.times.title" } },
  { path: "book/day/:id", component: () => import("./booking/DayPage.vue"), meta: { title: "resident.times.title" } },
  { path: "book/form", component: () => import("./booking/FormPage.vue"), meta: { title: "resident.form.title", guarded: true } },
  { path: "book/done/:id", component: () => import("./booking/DonePage.vue"), meta: { title: "resident.done.title", guarded: true } },
];

const asking: RouteRecordRaw[] = [
  { path: "draws", component: () => import("./draws/DrawsPage.vue"), meta: { title: "resident.draws.title" } },
  { path: "draws/:id", component: () => import("./draws/DrawPage.vue"), meta: { title: "resident.draws.title" } },
  { path: "book/draw/:draw", component: () => import("./asking/AskingPage.vue"), meta: { title: "resident.draws.apply", guarded: true } },
  { path: "book/ask", component: () => import("./asking/AskingPage.vue"), meta: { title: "resident.asking.title", guarded: true } },
  { path: "book/wait/:day", component: () => import("./asking/AskingPage.vue"), meta: { title: "resident.asking.wait_title", guarded: true } },
];

const own: RouteRecordRaw[] = [
  { path: "my", component: () => import("./my/MyPage.vue"), meta: { title: "resident.mine.title", guarded: true } },
  { path: "my/appointments/:id", component: () => import("./my/AppointmentPage.vue"), meta: { title: "resident.appointment.title", guarded: true } },
  { path: "my/appointments/:id/move", component: () => import("./my/MovePage.vue"), meta: { title: "resident.move.title", guarded: true } },
  { path: "my/cases/:id", component: () => import("./my/CasePage.vue"), meta: { title: "resident.matter.title", guarded: true } },
  { path: "account", component: () => import("./account/AccountPage.vue"), meta: { title: "resident.account.title", guarded: true } },
];

export const residentRoutes: RouteRecordRaw[] = [
  {
    path: "/",
    component: ResidentShell,
    meta: { area: "resident", texts: ["home", "resident"] },
    children: [
      { path: "", component: HomePage, beforeEnter: () => useHome().prepare(), meta: { title: "resident.home.title", texts: ["home"] } },
      ...booking,
      ...asking,
      ...own,
      { path: "call-me", component: () => import("./CallMePage.vue"), meta: { title: "resident.call.title" } },
      { path: "sign-in", component: () => import("./sign-in/SignInPage.vue"), meta: { title: "resident.sign_in.title" } },
      { path: "ask/:token", component: () => import("./ask/AskPage.vue"), meta: { title: "resident.ask.title" } },
      { path: "choose/:token", component: () => import("./choose/ChoosePage.vue"), meta: { title: "resident.waits.choose" } },
      { path: ":missing(.*)*", component: () => import("./MissingPage.vue"), meta: { title: "resident.missing.title" } },
    ],
  },
];
