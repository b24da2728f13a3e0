"""Mail by a real SMTP dialogue."""

from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib

from server.kernel.config import Mail
from server.kernel.outside import NotDelivered


@dataclass(frozen=True)
class SmtpMailer:
    config: Mail

    async def send(self, message: EmailMessage, *, to: str) -> None:
        """One dialogue a message; a 5xx answer is for good."""
        config = self.config
        password = config.password_file.read_text().strip() if config.password_file else None
        try:
            await aiosmtplib.send(
                message,
                sender=_bounces_to(message, config.sender),
                recipients=[to],
                hostname=config.host,
                port=config.port,
                username=config.user,
                password=password,
                use_tls=config.security == "tls",
                start_tls=config.security == "starttls",
                timeout=config.timeout.total_seconds(),
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = max(refused.code for refused in error.recipients)
            raise NotDelivered(f"smtp {code}", for_good=code >= 500) from error
        except aiosmtplib.SMTPResponseException as error:
            raise NotDelivered(f"smtp {error.code}", for_good=error.code >= 500) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotDelivered(type(error).__name__) from error


def _bounces_to(message: EmailMessage, sender: str) -> str:
    """Reports come to the address that answers come to."""
    reply_to = message["Reply-To"]
    return str(reply_to.addresses[0].addr_spec) if reply_to else sender
