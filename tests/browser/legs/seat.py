"""At a staffed point: the worker compares the card, opens the seat by its code; the device forgets."""

from datetime import timedelta

from tests.browser.legs import line
from tests.browser.legs.matter import LEADER
from tests.browser.legs.meeting import Meeting
from tests.browser.people import Guest, Staff

PLACE = "马军巷社区视频接访点"
OPENS = """async (token) => {
  const headers = { "X-Invitation": token, "X-Yuntiao": "1" };
  return (await fetch("/api/invitations/mine", { headers, credentials: "omit" })).status;
}"""
TOKEN = "() => JSON.parse(sessionStorage.getItem('yuntiao.seat'))?.token ?? ''"
KEPT = "() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }])"


async def is_received_at_a_staffed_point(meeting: Meeting) -> None:
    stage, leader = meeting.stage, meeting.leader
    worker, known = await stage.desk("worker"), line.last_resident(stage.district)
    stage.district.clock.move_to(meeting.appointment.begins_at + timedelta(minutes=30, seconds=5))
    await worker_opens_the_seat(worker, await stage.district.code(known.phone))
    guest = Guest(worker.page, stage.district)
    await guest.check_in(at=PLACE)
    await guest.reads("现在谁也看不到您")
    token = await guest.page.evaluate(TOKEN)
    assert await guest.page.evaluate(OPENS, token) == 200
    await leader.press("请下一位", exact=False)
    await leader.press("请进", exact=False)
    await guest.sees(LEADER)
    await guest.hears(1)
    await leader.sees(known.name)
    await line.leader_ends_without_an_instruction(leader)
    await device_forgets(guest, known.name, token)
    await stage.goes(worker)


async def worker_opens_the_seat(worker: Staff, code: str) -> None:
    await worker.sign_in("village_worker1")
    await worker.go("/staff/site")
    await worker.write("接访码", code)
    await worker.page.get_by_label("照片像本人").check(force=True)
    await worker.page.get_by_label("姓名对得上").check(force=True)
    await worker.press("核对无误")
    await worker.press("请来人坐下，开始")


async def device_forgets(guest: Guest, name: str, token: str) -> None:
    """What it held opened the seat, and does so no more; the way back finds nothing."""
    await guest.reads("会见结束了")
    assert token in await guest.page.evaluate(KEPT)
    await guest.press("结束，清除这台设备上的内容")
    await guest.reads("输入接访码")
    assert await guest.page.evaluate(OPENS, token) == 401
    kept = await guest.page.evaluate(KEPT)
    assert token not in kept
    assert PLACE not in kept
    await guest.page.go_back()
    await guest.does_not_read(name)
    await guest.does_not_read(PLACE)
