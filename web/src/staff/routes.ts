/** Pages of the staff. */

import type { NavigationGuardReturn, RouteLocationNormalized, RouteRecordRaw } from "vue-router";
import { useSession } from "@/app/session";

/** Whoever is not signed in as staff signs in first, and comes back to the page they wanted. */
async function needsStaff(to: RouteLocationNormalized): Promise<NavigationGuardReturn> {
  try {
    const person = await useSession().load();
    return person?.kind === "staff" ? true : { path: "/staff/sign-in", query: { next: to.fullPath } };
  } catch {
    // No answer came: the page itself says so and can try again.
    return true;
  }
}

export const staffRoutes: RouteRecordRaw[] = [
  {
    path: "/staff/sign-in",
    component: () => import("./sign-in/SignInPage.vue"),
    meta: { area: "staff", title: "staff.sign_in.title" },
  },
  {
    path: "/demo",
    component: () => import("./demo/DemoPage.vue"),
    meta: { area: "staff", title: "staff.demo.title" },
  },
  {
    path: "/staff",
    component: () => import("@/shells/StaffShell.vue"),
    meta: { area: "staff", guarded: true },
    beforeEnter: needsStaff,
    children: [
      { path: "", component: () => import("./today/TodayPage.vue"), meta: { title: "staff.today.title" } },
      { path: "reviews", component: () => import("./reviews/ReviewsPage.vue"), meta: { title: "staff.reviews.title" } },
      { path: "wishes", component: () => import("./wishes/WishesPage.vue"), meta: { title: "staff.wishes.title" } },
      { path: "calls", component: () => import("./calls/CallsPage.vue"), meta: { title: "staff.calls.title" } },
      { path: "book", component: () => import("./booking/BookPage.vue"), meta: { title: "staff.booking.title" } },
      { path: "slips/:id", component: () => import("./booking/SlipPage.vue"), meta: { title: "staff.booking.slip" } },
      { path: "appointments", component: () => import("./appointments/AppointmentsPage.vue"), meta: { title: "staff.appointments.title" } },
      { path: "calendar", component: () => import("./calendar/CalendarPage.vue"), meta: { title: "staff.calendar.title" } },
      { path: "holidays", component: () => import("./holidays/HolidaysPage.vue"), meta: { title: "staff.holidays.title" } },
      { path: "draws", component: () => import("./draws/DrawsPage.vue"), meta: { title: "staff.draws.title" } },
      { path: "days", component: () => import("./days/DaysPage.vue"), meta: { title: "staff.days.title" } },
      { path: "planning", component: () => import("./planning/PlanningPage.vue"), meta: { title: "staff.planning.title" } },
      { path: "plans", component: () => import("./plans/PlansPage.vue"), meta: { title: "staff.plans.title" } },
      { path: "plans/new", component: () => import("./plans/PlanPage.vue"), meta: { title: "staff.plans.form.new_title" } },
      { path: "plans/:id", component: () => import("./plans/PlanPage.vue"), meta: { title: "staff.plans.form.edit_title" } },
      { path: "cases", component: () => import("./cases/CasesPage.vue"), meta: { title: "staff.cases.title" } },
      { path: "cases/:id", component: () => import("./cases/CasePage.vue"), meta: { title: "staff.cases.print_title" } },
      { path: "briefs/:day", component: () => import("./briefs/BriefsPage.vue"), meta: { title: "staff.briefs.title" } },
      { path: "mediations", component: () => import("./mediations/MediationsPage.vue"), meta: { title: "staff.mediations.title" } },
      { path: "mediations/:id", component: () => import("./mediations/MediationPage.vue"), meta: { title: "staff.mediations.title" } },
      { path: "joint", component: () => import("./joint/JointsPage.vue"), meta: { title: "staff.joint.title" } },
      { path: "joint/new", component: () => import("./joint/JointNewPage.vue"), meta: { title: "staff.joint.new_title" } },
      { path: "joint/:id", component: () => import("./joint/JointPage.vue"), meta: { title: "staff.joint.title" } },
      { path: "figures", component: () => import("./figures/FiguresPage.vue"), meta: { title: "staff.figures.title" } },
      { path: "roster", component: () => import("./roster/RosterPage.vue"), meta: { title: "staff.roster.title" } },
      { path: "roster/drafts/:id", component: () => import("./roster/DraftPage.vue"), meta: { title: "staff.roster.draft.title" } },
      { path: "site", component: () => import("./site/SitePage.vue"), meta: { title: "staff.site.title" } },
      { path: "duty", component: () => import("./duty/DutyPage.vue"), meta: { title: "staff.duty.title" } },
      { path: "audit", component: () => import("./audit/AuditPage.vue"), meta: { title: "staff.audit.title" } },
    ],
  },
];
