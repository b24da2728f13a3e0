/** What can be answered on the phone, and what was answered, in words. */

import { useI18n } from "vue-i18n";
import type { ChoiceView, OfferView, Tapped } from "@/api/schema.gen";
import { useTimes } from "@/app/time";
import type { Choice } from "@/design/models";

/** One thing that the person on the phone may say, and what is sent for it. */
export interface Answer extends Choice<string> {
  readonly body: Tapped;
}

export function useAnswers() {
  const { t } = useI18n();
  const times = useTimes();

  function questionOf(choice: ChoiceView): string {
    return t(`staff.calls.answer.ask.${choice.kind}`, {
      was: choice.from_leader?.name ?? "",
      leader: choice.now?.leader?.name ?? "",
      when: choice.now === null ? "" : times.moment(choice.now.begins_at),
      count: choice.offers.length,
    });
  }

  function whenOf(place: OfferView): string {
    return `${times.day(place.begins_at)} ${times.span(place.begins_at, place.ends_at)}`;
  }

  function whoOf(place: OfferView): string {
    return [place.leader?.name, place.leader?.post ?? place.unit_name].filter(Boolean).join(" · ");
  }

  function optionsOf(choice: ChoiceView): Answer[] {
    const kept: Answer[] =
      choice.actions.includes("keep") && choice.now !== null
        ? [{ value: "keep", title: t("staff.calls.answer.keep", { name: choice.now.leader?.name ?? "" }), detail: whenOf(choice.now), body: { answer: "keep" } }]
        : [];
    const offered = choice.offers.map((offer): Answer => {
      return { value: offer.id, title: whenOf(offer), detail: whoOf(offer), body: { answer: "take", offer_id: offer.id } };
    });
    const none: Answer = { value: "decline", title: t(`staff.calls.answer.decline.${choice.kind}`), body: { answer: "decline" } };
    return [...kept, ...offered, none];
  }

  /** By the person themselves: not by silence, nor settled otherwise. */
  function isGiven({ answer }: ChoiceView): boolean {
    return answer === "keep" || answer === "take" || answer === "decline";
  }

  function resultOf(choice: ChoiceView): string {
    const { answer, now } = choice;
    const place = { when: now === null ? "" : times.moment(now.begins_at), name: now?.leader?.name ?? "" };
    if (answer === "keep" || answer === "take") return t(`staff.calls.answer.done.${answer}`, place);
    if (answer === "decline") return t("staff.calls.answer.done.decline", { what: t(`staff.calls.answer.decline.${choice.kind}`) });
    if (answer === "withdrawn") return t("staff.calls.answer.done.withdrawn");
    return t("staff.calls.answer.done.silence", { what: t(`staff.calls.answer.silence.${choice.kind}`) });
  }

  return { questionOf, optionsOf, isGiven, resultOf };
}
