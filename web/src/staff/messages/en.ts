/** The staff's texts, put together from one file an area. */

import appointments from "./en/appointments.json";
import audit from "./en/audit.json";
import booking from "./en/booking.json";
import briefs from "./en/briefs.json";
import calendar from "./en/calendar.json";
import calls from "./en/calls.json";
import cases from "./en/cases.json";
import common from "./en/common.json";
import days from "./en/days.json";
import demo from "./en/demo.json";
import draws from "./en/draws.json";
import duty from "./en/duty.json";
import figures from "./en/figures.json";
import holidays from "./en/holidays.json";
import joint from "./en/joint.json";
import line from "./en/line.json";
import lines from "./en/lines.json";
import mediations from "./en/mediations.json";
import navigation from "./en/navigation.json";
import planning from "./en/planning.json";
import plans from "./en/plans.json";
import reviews from "./en/reviews.json";
import sign_in from "./en/sign_in.json";
import roster from "./en/roster.json";
import site from "./en/site.json";
import shares from "./en/shares.json";
import slots from "./en/slots.json";
import stand_in from "./en/stand_in.json";
import state from "./en/state.json";
import today from "./en/today.json";
import wishes from "./en/wishes.json";

export default {
  staff: {
    appointments,
    audit,
    booking,
    briefs,
    calendar,
    calls,
    cases,
    common,
    days,
    demo,
    draws,
    duty,
    figures,
    holidays,
    joint,
    line,
    lines,
    mediations,
    navigation,
    planning,
    plans,
    reviews,
    roster,
    sign_in,
    site,
    shares,
    slots,
    stand_in,
    state,
    today,
    wishes,
  },
};
