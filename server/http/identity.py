"""Signing in and out, one's own account, the persons one acts for."""

from uuid import UUID

from pydantic import Field

from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Address, Code, Email, IdNumber, Mobile, PersonName
from server.http.identity_views import Me, PersonView, SessionView, me_of, person_view
from server.identity import accounts, codes, passwords, persons, sessions
from server.identity.codes import Purpose
from server.identity.permissions import Permission
from server.identity.persons import Declared, Relation
from server.identity.sessions import Opened
from server.kernel.errors import DomainError
from server.kernel.uow import Tx

routes = Routes()


class AskForCode(Body):
    phone: Mobile


class CodeAsked(View):
    challenge_id: UUID
    lives_seconds: int
    again_after_seconds: int


@routes.post("/api/sign-in/code", permission=Permission.PUBLIC)
async def ask_for_code(ctx: Context, body: AskForCode) -> CodeAsked:
    """Have a one-time code sent by SMS; the answer is the same for every phone."""
    config = ctx.services.config.identity
    async with ctx.services.uow.begin(ctx.actor) as tx:
        challenge = await codes.ask(
            tx, phone=body.phone, purpose=Purpose.SIGN_IN, flow=ctx.flow, address=ctx.address,
            language=ctx.language, config=config, sealer=ctx.services.sealer,
        )  # fmt: skip
    return CodeAsked(
        challenge_id=challenge.id,
        lives_seconds=int(config.code_lifetime.total_seconds()),
        again_after_seconds=int(codes.PAUSE.total_seconds()),
    )


class EnterCode(Body):
    """`shared`: others use this device too; the sign-in ends soon by itself."""

    code: Code
    shared: bool = False


@routes.post("/api/sign-in/code/{challenge_id}", permission=Permission.PUBLIC)
async def sign_in_by_code(ctx: Context, challenge_id: UUID, body: EnterCode) -> Me:
    """Sign a resident in with the code that came by SMS."""
    sealer = ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        redeemed = await codes.redeem(
            tx, challenge_id, code=body.code, purpose=Purpose.SIGN_IN, flow=ctx.flow, sealer=sealer
        )
        if not isinstance(redeemed, DomainError):
            account = await accounts.resident_of_sealed_phone(
                tx, redeemed.phone, phone_index=redeemed.phone_index
            )
            config = ctx.services.config.identity
            opened = await sessions.rotate(tx, account, config=config, shared=body.shared)
            return await enter(ctx, tx, opened)
    raise redeemed


class StaffSignIn(Body):
    login: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=200)
    shared: bool = False


@routes.post("/api/sign-in/staff", permission=Permission.PUBLIC)
async def sign_in_staff(ctx: Context, body: StaffSignIn) -> Me:
    """Sign a member of staff in by name and password."""
    door = passwords.StaffDoor(ctx.services.uow, ctx.services.config.identity)
    opened = await door.enter(
        ctx.actor, login=body.login, password=body.password, address=ctx.address, shared=body.shared
    )
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await enter(ctx, tx, opened)


@routes.post("/api/sign-out", permission=Permission.PUBLIC)
async def sign_out(ctx: Context) -> None:
    """End this sign-in, here and on the server."""
    ctx.cookies.sign_out = True
    if ctx.actor.session_id and ctx.actor.account_id:
        async with ctx.services.uow.begin(ctx.actor) as tx:
            await sessions.revoke(tx, ctx.actor.session_id, account_id=ctx.actor.account_id)


@routes.get("/api/me", permission=Permission.PUBLIC)
async def read_me(ctx: Context) -> Me:
    """Who is asking, and as what."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await me_of(tx, ctx.actor, sealer=ctx.services.sealer)


class OwnEmail(Body):
    email: Email | None


@routes.put("/api/me/email", permission=Permission.ACCOUNT_WRITE_OWN)
async def write_own_email(ctx: Context, body: OwnEmail) -> Me:
    """Set or clear the address for calendar mails."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await accounts.set_email(tx, body.email, sealer=ctx.services.sealer)
        return await me_of(tx, ctx.actor, sealer=ctx.services.sealer)


@routes.get("/api/me/sessions", permission=Permission.ACCOUNT_READ_OWN)
async def read_own_sessions(ctx: Context) -> list[SessionView]:
    """Where one is signed in."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await sessions.open_sessions(tx, (await accounts.own_account(tx)).id)
    return [
        SessionView(
            id=session.id,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            shared=session.shared,
            is_this_one=session.id == ctx.actor.session_id,
        )
        for session in found
    ]


@routes.delete("/api/me/sessions/{session_id}", permission=Permission.ACCOUNT_WRITE_OWN)
async def end_own_session(ctx: Context, session_id: UUID) -> None:
    """Sign out somewhere else."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        account = await accounts.own_account(tx)
        await sessions.revoke(tx, session_id, account_id=account.id)


@routes.get("/api/me/persons", permission=Permission.PERSON_WRITE_OWN)
async def read_own_persons(ctx: Context) -> list[PersonView]:
    """For whom one may book."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        known = await persons.own(tx)
    return [person_view(one, sealer=ctx.services.sealer) for one in known]


class NewPerson(Body):
    name: PersonName
    id_number: IdNumber
    address: Address
    relation: Relation


@routes.post("/api/me/persons", permission=Permission.PERSON_WRITE_OWN)
async def add_own_person(ctx: Context, body: NewPerson) -> PersonView:
    """Add somebody to book for; the same number is the same person."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await persons.count_try(tx)
    declared = Declared(name=body.name, id_number=body.id_number, address=body.address)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        known = await persons.add_own(
            tx, declared, relation=body.relation, sealer=ctx.services.sealer
        )
    return person_view(known, sealer=ctx.services.sealer)


async def enter(ctx: Context, tx: Tx, opened: Opened) -> Me:
    """Set the cookie of a new sign-in; answers as the one who now asks."""
    services = ctx.services
    ctx.cookies.sign_in, ctx.cookies.expires_at = opened.token, opened.expires_at
    actor = await sessions.actor_of_session(
        await tx.driver(), opened.token, now=tx.now, config=services.config.identity
    )
    return await me_of(tx, actor, sealer=services.sealer)
