/** The residents' texts, put together from one file a part. */

import account from "./en/account.json";
import along from "./en/along.json";
import appeal from "./en/appeal.json";
import appointment from "./en/appointment.json";
import asking from "./en/asking.json";
import ask from "./en/ask.json";
import book from "./en/book.json";
import call from "./en/call.json";
import cancel from "./en/cancel.json";
import case_state from "./en/case_state.json";
import check from "./en/check.json";
import choose from "./en/choose.json";
import done from "./en/done.json";
import draws from "./en/draws.json";
import email from "./en/email.json";
import entry from "./en/entry.json";
import fault from "./en/fault.json";
import form from "./en/form.json";
import give_up from "./en/give_up.json";
import hold from "./en/hold.json";
import matter from "./en/matter.json";
import mine from "./en/mine.json";
import missing from "./en/missing.json";
import move from "./en/move.json";
import note from "./en/note.json";
import papers from "./en/papers.json";
import person from "./en/person.json";
import rating from "./en/rating.json";
import sign_in from "./en/sign_in.json";
import slot from "./en/slot.json";
import times from "./en/times.json";
import waits from "./en/waits.json";
import what from "./en/what.json";
import who from "./en/who.json";

export default {
  resident: {
    account,
    along,
    appeal,
    appointment,
    asking,
    ask,
    book,
    call,
    cancel,
    case_state,
    check,
    choose,
    done,
    draws,
    email,
    entry,
    fault,
    form,
    give_up,
    hold,
    matter,
    mine,
    missing,
    move,
    note,
    papers,
    person,
    rating,
    sign_in,
    slot,
    times,
    waits,
    what,
    who,
  },
};
