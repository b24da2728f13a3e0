"""Who comes with what, and what is said to them: the words of the main journey."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment, DayState, ReceptionDay
from server.identity.tables import Account
from server.kernel.actor import SYSTEM
from tests.browser.district import District

PHONE_NUMBER, EMAIL = "13900000077", "jin@example.com"
SELF, SELF_ID = "测试金", "330502196001010010"
NAME, ID_NUMBER, ADDRESS = "测试秀", "330502193805050022", "织里镇晓河村 7 号"
SENTENCE = "厂里欠了我三个月工资,去找过两次,没有结果。"
PAPER, PAPER_BYTES = "工资条.pdf", b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
HELPER, HELPER_PHONE = "测试孙", "13900000078"
LEADER, LEADER_LOGIN = "李示例", "leader4"
PRESENT_ADDRESS = "织里镇利济路 1 号"
INSTRUCTION = "请人社局三日内核查工资台账,责令企业限期支付。"
REPLY = "您反映的欠薪问题已经交人社局办理,三日内给您回电。"


@dataclass(frozen=True)
class Booked:
    """What the resident holds in hand after submitting."""

    reference: str
    slot: str


async def draft_day(district: District, *, login: str) -> ReceptionDay:
    """The first day that the leader's plan made and nobody has published."""
    query = (
        sa.select(ReceptionDay)
        .join(Account, Account.id == ReceptionDay.leader_id)
        .where(Account.login == login, ReceptionDay.state == DayState.DRAFT)
        .order_by(ReceptionDay.begins_at)
    )
    async with district.services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(query)).first()


async def appointment_by(district: District, reference: str) -> Appointment:
    """As it stands now."""
    query = sa.select(Appointment).where(Appointment.reference == reference)
    async with district.services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(query)).one()


async def appointment_now(district: District, appointment_id: UUID) -> Appointment:
    async with district.services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(Appointment, appointment_id)
