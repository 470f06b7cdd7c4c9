//! People are told: the real daemon and the real commands, against servers for mail, webhooks and Alertmanager.

mod alertmanager;
mod canary;
mod cause;
mod commands;
mod desk;
mod mail;
mod receivers;
mod times;
mod watchdog;
