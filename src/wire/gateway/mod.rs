//! What home routers are asked with: NAT-PMP (RFC 6886), PCP (RFC 6887), UPnP (SSDP, a description
//! and SOAP over HTTP).
//!
//! Routers answer what they like, so everything here reads leniently and within bounds.

pub mod http;
pub mod igd;
pub mod nat_pmp;
pub mod pcp;
pub mod ssdp;
