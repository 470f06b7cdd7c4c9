//! Killed between every two steps of a mail's way to a real SMTP server.
