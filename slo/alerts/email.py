"""E-mail, by the mail server of the installation (``EMAIL_HOST``)."""

from smtplib import SMTPRecipientsRefused

from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email

from slo.alerts.base import Alert, NotDelivered, line
from synergy.core.errors import BadInput


class Email:
    title = "E-mail"
    asks = "An e-mail address."

    def check(self, address: str) -> None:
        try:
            validate_email(address)
        except ValidationError:
            raise BadInput("This is no e-mail address.") from None

    def send(self, alert: Alert, address: str, secret: str) -> None:
        subject = " ".join(f"[Synergy] {line(alert)}".split())[:200]  # a line break would begin another header
        text = f"{alert.text}\n\n{alert.link}\n" if alert.link else f"{alert.text}\n"
        try:
            send_mail(subject, text, None, [address])
        except SMTPRecipientsRefused as error:
            raise NotDelivered(f"The mail server refuses {address}.", permanent=True) from error


part = Email()
