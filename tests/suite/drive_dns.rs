//! Lookups, against a DNS server made for the purpose.
