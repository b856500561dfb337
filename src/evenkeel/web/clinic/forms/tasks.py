"""What staff type about tasks."""

from __future__ import annotations

from django import forms

from evenkeel.web.accounts.models import User
from evenkeel.web.records.permissions import ACTS


class CloseForm(forms.Form):
    """What was done, in words."""

    outcome = forms.CharField(
        label="What was done",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        error_messages={
            "required": "Write what was done: whom you reached, what was said, what happens next."
        },
    )


class HandOverForm(forms.Form):
    """To whom the task goes."""

    to = forms.ModelChoiceField(
        label="Hand over to",
        queryset=User.objects.none(),
        empty_label="choose a colleague",
        error_messages={"required": "Choose who answers for it from now on."},
    )

    def __init__(self, *args: object, but: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["to"]
        field.queryset = (  # type: ignore[attr-defined]
            User.objects.filter(role__in=ACTS["tasks.own"], is_active=True)
            .exclude(pk=but.pk)
            .order_by("last_name", "first_name")
        )
        field.label_from_instance = lambda user: f"{user.short_name}, {user.role}"  # type: ignore[attr-defined]
