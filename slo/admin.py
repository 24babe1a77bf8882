"""Where alerts go, and what became of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from slo.alerts.base import registry
from slo.models import AlertTarget, Delivery
from slo.sending import send_again, send_test
from synergy.core.admin import ReadOnly, own
from synergy.core.errors import BadInput
from synergy.core.models import Membership

HIDDEN = "•" * 12


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(choices=lambda: [(name, sink.title) for name, sink in sorted(registry.all().items())])
    address = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 80}),
        help_text="Who knows it can post there: it is not shown again. Empty = as it was.",
    )

    class Meta:
        model = AlertTarget
        fields = ("name", "kind", "address", "active", "tenant")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        address = given.get("address") or self.instance.address
        if not address:
            raise forms.ValidationError({"address": "An address is needed."})
        try:
            registry.get(given.get("kind", "")).check(address)
        except BadInput as error:
            raise forms.ValidationError({"address": f"{error.message} {error.hint}".strip()}) from None
        return {**given, "address": address}


@admin.register(AlertTarget)
class AlertTargetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = TargetForm
    list_display = ("name", "kind", "tenant", "active", "created_at")
    list_filter = ("kind", "active")
    actions = ("send_a_test",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertTarget]:
        return own(request, super().get_queryset(request))

    def get_exclude(self, request: HttpRequest, obj: AlertTarget | None = None) -> tuple[str, ...]:
        return () if getattr(request.user, "is_superuser", False) else ("tenant",)

    def save_model(self, request: HttpRequest, obj: AlertTarget, form: Any, change: bool) -> None:
        if not getattr(request.user, "is_superuser", False):
            obj.tenant = Membership.objects.get(user_id=request.user.pk or 0).tenant  # nobody else's, whatever was posted
        super().save_model(request, obj, form, change)

    @admin.action(description="Send a test", permissions=["change"])
    def send_a_test(self, request: HttpRequest, queryset: QuerySet[AlertTarget]) -> None:
        for target in queryset:
            done = send_test(target, request.user.get_username())
            sent = done.state == Delivery.State.SENT
            words = f"{target.name}: sent." if sent else f"{target.name}: not sent. {done.error}"
            self.message_user(request, words, messages.SUCCESS if sent else messages.ERROR)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "target", "state", "attempts", "due", "sent_at", "error")
    list_filter = ("state",)
    list_select_related = ("target",)
    exclude = ("key",)
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return Delivery.objects.filter(target__in=own(request, AlertTarget.objects.all()))

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("slo.change_alerttarget")

    @admin.display(description="alert")
    def title(self, delivery: Delivery) -> str:
        return str(delivery)

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = send_again(list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{count} will be sent again.")
