"""The controlled-drug register: every container an individual, every mg accounted for.

Drawn = given + wasted, for each container. The database refuses what does not
add up (sql/register.sql); the words come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger import seals
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Container, RegisterEntry, Task, Treatment
from evenkeel.web.records.once import Repeated, claim, remember, repeat_gives
from evenkeel.web.records.selectors.timeline import zone
from evenkeel.web.records.services import tasks
from evenkeel.web.records.services.signatures import Signature

Kind = RegisterEntry.Kind


class DoesNotAddUp(Exception):
    """The register would not balance, or the container may not be used. Fit for the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One container's account, mg."""

    drawn: Decimal
    given: Decimal
    wasted: Decimal

    @property
    def open_mg(self) -> Decimal:
        """What was drawn and is neither given nor wasted yet."""
        return self.drawn - self.given - self.wasted


def balance(container: Container) -> Balance:
    """What was drawn, given and wasted from this container."""
    sums = {
        row["kind"]: row["mg"]
        for row in container.entries.values("kind").annotate(mg=Sum("mg")).order_by()
    }
    return Balance(
        drawn=sums.get(Kind.DRAWN, Decimal(0)),
        given=sums.get(Kind.GIVEN, Decimal(0)),
        wasted=sums.get(Kind.WASTED, Decimal(0)),
    )


def in_stock(product_id: str | None = None) -> Any:
    """Containers received and neither drawn nor returned, soonest to expire first. A query."""
    mine = RegisterEntry.objects.filter(container=OuterRef("pk"))
    found = Container.objects.filter(
        Exists(mine.filter(kind=Kind.RECEIVED)),
        ~Exists(mine.filter(kind__in=[Kind.DRAWN, Kind.RETURNED])),
    ).order_by("expires_on", "label")
    return found.filter(product=product_id) if product_id else found


def usable(product_id: str, at: datetime) -> Any:
    """Those in stock that have not expired on the clinic's day of ``at``. A query."""
    return in_stock(product_id).filter(expires_on__gte=at.astimezone(zone()).date())


@transaction.atomic
def receive(
    *,
    product_id: str,
    kind: str,
    labels: list[str],
    lot: str,
    expires_on: date,
    mg: Decimal,
    mg_per_ml: Decimal | None,
    by: Any,
    at: datetime,
    once: UUID | None = None,
) -> list[Container]:
    """Containers come into the safe, each with its own label.

    Raises:
        Denied: the role may not receive. DoesNotAddUp: expired, or a label that exists.
    """
    permissions.check_may(by, "register.receive")
    try:
        claimed = claim(once, "register.receive", by)
    except Repeated as repeated:
        return list(Container.objects.filter(pk=repeated.result_id))
    product(product_id)
    if expires_on < at.astimezone(zone()).date():
        raise DoesNotAddUp(
            f"Lot {lot} expired on {expires_on.isoformat()}. An expired drug is not taken into "
            "stock. Nothing was written. Return it to the supplier."
        )
    taken = list(Container.objects.filter(label__in=labels).values_list("label", flat=True))
    if taken or len(set(labels)) != len(labels):
        raise DoesNotAddUp(
            f"A label stands for one container for ever; in the register already, or twice here: "
            f"{', '.join(taken) or 'a label twice'}. Nothing was written."
        )
    made = []
    for label in labels:
        container = Container.objects.create(
            product=product_id,
            kind=kind,
            label=label,
            lot=lot,
            expires_on=expires_on,
            mg=mg,
            mg_per_ml=mg_per_ml,
        )
        _line(container, Kind.RECEIVED, mg, by=by, at=at)
        made.append(container)
    ledger.append(
        "register.received",
        sentence=f"{by.short_name} received {len(made)} × {product(product_id).name}, lot {lot}.",
        by=by,
        at=at,
        subject=made[0] if made else None,
        data={"containers": [c.pk for c in made]},
    )
    if made:
        remember(claimed, made[0])
    return made


def _line(
    container: Container,
    kind: str,
    mg: Decimal,
    *,
    by: Any,
    at: datetime,
    treatment: Treatment | None = None,
    witness: Any = None,
    reason: str = "",
) -> RegisterEntry:
    return RegisterEntry.objects.create(
        container=container,
        product=container.product,
        kind=kind,
        mg=mg,
        by=by,
        at=at,
        treatment=treatment,
        witness=witness,
        reason=reason,
    )


def draw(*, container_id: int, treatment: Treatment, by: Any, at: datetime) -> RegisterEntry:
    """Take a whole container for one treatment, inside the dose's transaction.

    Raises:
        DoesNotAddUp: not in stock, expired, or another product.
    """
    container = Container.objects.select_for_update().filter(pk=container_id).first()
    if container is None or container.product != treatment.course.product:
        raise DoesNotAddUp("This container is not of the product ordered. Nothing was written.")
    if not in_stock().filter(pk=container.pk).exists():
        raise DoesNotAddUp(
            f"{container.label} is not in the safe any more. Nothing was written. Take another one."
        )
    if container.expires_on < at.astimezone(zone()).date():
        raise DoesNotAddUp(
            f"{container.label} expired on {container.expires_on.isoformat()}. Nothing was "
            "written. Take another one and set this one aside."
        )
    return _line(container, Kind.DRAWN, container.mg, by=by, at=at, treatment=treatment)


def give(*, treatment: Treatment, mg: Decimal, by: Any, at: datetime) -> list[RegisterEntry]:
    """Charge what was given to the containers drawn for this treatment, in their order.

    Raises:
        DoesNotAddUp: more given than was drawn.
    """
    left = mg
    lines = []
    for container in drawn_for(treatment):
        room = balance(container).open_mg
        part = min(room, left)
        if part > 0:
            lines.append(_line(container, Kind.GIVEN, part, by=by, at=at, treatment=treatment))
            left -= part
    if left > 0:
        raise DoesNotAddUp(
            f"{plain(mg)} mg given is {plain(left)} mg more than was drawn. One of the two numbers "
            "is wrong. Nothing was written. Read the syringe again."
        )
    return lines


def seal(treatment: Treatment) -> dict[str, Any]:
    """The register's lines of this treatment so far, vouched for by the entry that carries it.

    Waste, the only line from another hand, waits until the dose is over, so that
    nobody adds to the set while the treatment is held.
    """
    return seals.seal_of_set(RegisterEntry, "treatment_id", treatment.pk)


def drawn_for(treatment: Treatment) -> list[Container]:
    """The containers drawn for this treatment, in the order drawn."""
    return (
        list(
            Container.objects.filter(entries__kind=Kind.DRAWN, entries__treatment=treatment)
            .order_by("entries__id")
            .distinct()
        )
        if treatment.pk
        else []
    )


def open_waste() -> list[tuple[Container, Treatment, Balance]]:
    """Containers whose dose is over and whose rest is not wasted yet."""
    found = []
    # The sums are the database's: years of closed containers are not read one by one.
    used = (
        RegisterEntry.objects.filter(
            container=OuterRef("container"), kind__in=[Kind.GIVEN, Kind.WASTED]
        )
        .order_by()
        .values("container")
        .annotate(mg=Sum("mg"))
        .values("mg")
    )
    lines = (
        RegisterEntry.objects.filter(
            kind=Kind.DRAWN,
            treatment__status__in=[Treatment.Status.OBSERVING, Treatment.Status.LEFT],
        )
        .annotate(used=Coalesce(Subquery(used), Decimal(0)))
        .filter(used__lt=F("mg"))
        .select_related("container", "treatment__patient", "by")
    )
    for line in lines:
        account = balance(line.container)
        if account.open_mg > 0:
            found.append((line.container, line.treatment, account))
    return found


@transaction.atomic
@repeat_gives(RegisterEntry)
def waste(
    *,
    container: Container,
    mg: Decimal,
    by: Any,
    witness: Signature,
    at: datetime,
    reason: str = "",
    once: UUID | None = None,
) -> RegisterEntry:
    """Close a container: what is left is wasted before a witness who signed in.

    mg: what the two people read; it must be all that is left.

    Raises:
        Denied: a role may not. DoesNotAddUp: another amount than is left, the dose still
            runs, or one person in both roles.
    """
    permissions.check_may(by, "register.waste")
    permissions.check_may(witness.user, "register.witness")
    claimed = claim(once, "register.waste", by)
    if witness.user.pk == by.pk:
        raise DoesNotAddUp(
            "A witness is another person: nobody sees their own hands. Nothing was written. Let "
            "a colleague sign."
        )
    container = Container.objects.select_for_update().get(pk=container.pk)
    drawn = container.entries.filter(kind=Kind.DRAWN).select_related("treatment").first()
    account = balance(container)
    if drawn is None or account.open_mg <= 0:
        raise DoesNotAddUp(f"Nothing of {container.label} is left to waste. Nothing was written.")
    if drawn.treatment is not None and drawn.treatment.status == Treatment.Status.DOSING:
        raise DoesNotAddUp(
            f"{container.label} is still being given. Nothing was written. Record the end of the "
            "dose first."
        )
    if mg != account.open_mg:
        raise DoesNotAddUp(
            f"Drawn {plain(account.drawn)} mg = given {plain(account.given)} mg + wasted "
            f"{plain(mg)} mg does not add up. Nothing was written. Read the syringe together "
            "again; if it still differs, tell the pharmacist."
        )
    entry = _line(
        container,
        Kind.WASTED,
        mg,
        by=by,
        at=at,
        treatment=drawn.treatment,
        witness=witness.user,
        reason=reason,
    )
    ledger.append(
        "register.wasted",
        sentence=(
            f"{by.short_name} wasted the rest of {container.label}, witnessed by "
            f"{witness.user.short_name}, who signed."
        ),
        by=by,
        at=at,
        subject=entry,
        patient=drawn.treatment.patient if drawn.treatment else None,
        data={"container": container.pk, "mg": str(mg), "witness": witness.user.pk},
    )
    remember(claimed, entry)
    return entry


@transaction.atomic
@repeat_gives(RegisterEntry)
def count(
    *,
    product_id: str,
    counted: int,
    by: Any,
    witness: Signature | None,
    at: datetime,
    once: UUID | None = None,
) -> RegisterEntry:
    """A blind count: the number is written before the expected one is shown.

    A difference opens a task; nothing is put right by itself.
    """
    permissions.check_may(by, "register.count")
    if witness is not None:
        permissions.check_may(witness.user, "register.witness")
        if witness.user.pk == by.pk:
            raise DoesNotAddUp("A witness is another person. Nothing was written.")
    claimed = claim(once, "register.count", by)
    if counted < 0:
        raise DoesNotAddUp("A count is zero or more. Nothing was written.")
    expected = in_stock(product_id).count()
    entry = RegisterEntry.objects.create(
        product=product_id,
        kind=Kind.COUNTED,
        mg=Decimal(0),
        by=by,
        at=at,
        witness=witness.user if witness else None,
        count=counted,
        expected=expected,
    )
    name = product(product_id).name
    agrees = counted == expected
    ledger.append(
        "register.counted",
        sentence=(
            f"{by.short_name} counted {name}: {counted}, which "
            f"{'agrees' if agrees else f'does not agree with {expected} in the register'}."
        ),
        by=by,
        at=at,
        subject=entry,
        data={"product": product_id, "count": counted, "expected": expected},
    )
    if not agrees:
        tasks.open_task(
            kind=Task.Kind.REGISTER,
            title=f"{name}: {counted} counted, {expected} in the register",
            due_at=at + timedelta(hours=4),
            at=at,
            cause=f"register:{product_id}",
            by=by,
        )
    remember(claimed, entry)
    return entry
