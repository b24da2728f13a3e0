/** The staff's texts, put together from one file an area. */

import appointments from "./zh-CN/appointments.json";
import audit from "./zh-CN/audit.json";
import booking from "./zh-CN/booking.json";
import briefs from "./zh-CN/briefs.json";
import calendar from "./zh-CN/calendar.json";
import calls from "./zh-CN/calls.json";
import cases from "./zh-CN/cases.json";
import common from "./zh-CN/common.json";
import days from "./zh-CN/days.json";
import demo from "./zh-CN/demo.json";
import draws from "./zh-CN/draws.json";
import duty from "./zh-CN/duty.json";
import figures from "./zh-CN/figures.json";
import holidays from "./zh-CN/holidays.json";
import joint from "./zh-CN/joint.json";
import line from "./zh-CN/line.json";
import lines from "./zh-CN/lines.json";
import mediations from "./zh-CN/mediations.json";
import navigation from "./zh-CN/navigation.json";
import planning from "./zh-CN/planning.json";
import plans from "./zh-CN/plans.json";
import reviews from "./zh-CN/reviews.json";
import sign_in from "./zh-CN/sign_in.json";
import roster from "./zh-CN/roster.json";
import site from "./zh-CN/site.json";
import shares from "./zh-CN/shares.json";
import slots from "./zh-CN/slots.json";
import stand_in from "./zh-CN/stand_in.json";
import state from "./zh-CN/state.json";
import today from "./zh-CN/today.json";
import wishes from "./zh-CN/wishes.json";

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
