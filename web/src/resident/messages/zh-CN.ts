/** The residents' texts, put together from one file a part. */

import account from "./zh-CN/account.json";
import along from "./zh-CN/along.json";
import appeal from "./zh-CN/appeal.json";
import appointment from "./zh-CN/appointment.json";
import asking from "./zh-CN/asking.json";
import ask from "./zh-CN/ask.json";
import book from "./zh-CN/book.json";
import call from "./zh-CN/call.json";
import cancel from "./zh-CN/cancel.json";
import case_state from "./zh-CN/case_state.json";
import check from "./zh-CN/check.json";
import choose from "./zh-CN/choose.json";
import done from "./zh-CN/done.json";
import draws from "./zh-CN/draws.json";
import email from "./zh-CN/email.json";
import entry from "./zh-CN/entry.json";
import fault from "./zh-CN/fault.json";
import form from "./zh-CN/form.json";
import give_up from "./zh-CN/give_up.json";
import hold from "./zh-CN/hold.json";
import matter from "./zh-CN/matter.json";
import mine from "./zh-CN/mine.json";
import missing from "./zh-CN/missing.json";
import move from "./zh-CN/move.json";
import note from "./zh-CN/note.json";
import papers from "./zh-CN/papers.json";
import person from "./zh-CN/person.json";
import rating from "./zh-CN/rating.json";
import sign_in from "./zh-CN/sign_in.json";
import slot from "./zh-CN/slot.json";
import times from "./zh-CN/times.json";
import waits from "./zh-CN/waits.json";
import what from "./zh-CN/what.json";
import who from "./zh-CN/who.json";

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
