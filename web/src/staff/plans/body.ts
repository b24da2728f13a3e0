/** A plan between the form and the server. */

import type { Category, PlanPattern, PlanTerms, PlanView } from "@/api/schema.gen";
import { bodyOf as sharesBody, sharesOf } from "../shares/shares";
import { fieldsOfRule, ruleOf, type PlanForm } from "./form";

/** When, as far as the dates hang on it. */
export function patternOf(form: PlanForm): PlanPattern {
  return {
    rrule: ruleOf(form) ?? "",
    starts_on: form.starts_on,
    ends_on: form.ends_on === "" ? null : form.ends_on,
    begins: form.begins,
    ends: form.ends,
    holiday_rule: form.holiday_rule,
    slot_minutes: Number(form.slot_minutes),
    break_minutes: Number(form.break_minutes),
    capacity: Number(form.capacity),
  };
}

export function bodyOf(form: PlanForm): PlanTerms {
  return {
    ...patternOf(form),
    leader_id: form.leader_id ?? "",
    kind: form.only_topics ? "topic" : "scheduled",
    topics: form.topics as Category[],
    review: form.review,
    invited_only: form.invited_only,
    opens_days_before: Number(form.opens_days_before),
    opens_at: form.opens_at,
    closes_hours_before: Number(form.closes_hours_before),
    document: form.document.trim(),
    approver: form.approver.trim(),
    approved_on: form.approved_on,
    shares: sharesBody(form.shares),
  };
}

export function formOf(plan: PlanView): PlanForm {
  return {
    every: "raw",
    interval: "1",
    weekdays: [],
    nth: [1],
    weekday: "MO",
    dates: "15",
    raw: plan.rrule,
    ...fieldsOfRule(plan.rrule),
    leader_id: plan.leader.id,
    topics: [...plan.topics],
    only_topics: plan.kind === "topic",
    review: plan.review,
    invited_only: plan.invited_only,
    starts_on: plan.starts_on,
    ends_on: plan.ends_on ?? "",
    begins: plan.begins.slice(0, 5),
    ends: plan.ends.slice(0, 5),
    holiday_rule: plan.holiday_rule,
    slot_minutes: String(plan.slot_minutes),
    break_minutes: String(plan.break_minutes),
    capacity: String(plan.capacity),
    opens_days_before: String(plan.opens_days_before),
    opens_at: plan.opens_at.slice(0, 5),
    closes_hours_before: String(plan.closes_hours_before),
    document: plan.document,
    approver: plan.approver,
    approved_on: plan.approved_on,
    shares: sharesOf(plan.shares),
  };
}
