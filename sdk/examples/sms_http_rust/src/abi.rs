//! The pages of <relance/plugin.h> that this plugin needs, in Rust: the same fields in the same order. Functions that it does
//! not have, or does not call, are `Unused`.
#![allow(dead_code)]
use std::os::raw::{c_char, c_void};

pub const ABI_MINOR: u32 = 0;
pub const OK: i32 = 0;
pub const E_INTERNAL: i32 = -2;
pub const CAP_WEBHOOK: u32 = 1 << 5;

pub const OUT_ACCEPTED: u32 = 1;
pub const OUT_REJECTED: u32 = 3;
pub const OUT_NOT_SENT: u32 = 4;
pub const OUT_UNKNOWN: u32 = 7;
pub const FAIL_NONE: u32 = 0;
pub const FAIL_TEMPORARY: u32 = 2;
pub const FAIL_POLICY: u32 = 3;
pub const FAIL_CONFIGURATION: u32 = 4;
pub const RESULT_WHOLE_INSTANCE: u32 = 1;

pub const RCPT_INTERIM: u32 = 0;
pub const RCPT_DELIVERED: u32 = 5;
pub const RCPT_FAILED: u32 = 6;
pub const RECEIPT_FINAL: u32 = 1;
pub const PARSED_OK: u32 = 1;
pub const PARSED_UNREADABLE: u32 = 3;

pub const AUTH_FORGED: u32 = 0;
pub const AUTH_GENUINE: u32 = 1;

pub const HTTP_ID: &[u8] = b"relance.http/1\0";
pub const HTTP_REPLIED: u32 = 1;
pub const HTTP_NOT_SENT: u32 = 2;

pub type Unused = Option<unsafe extern "C" fn()>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const c_char,
    pub len: usize,
}
impl Str {
    pub const EMPTY: Str = Str { data: std::ptr::null(), len: 0 };
    pub fn of(bytes: &[u8]) -> Str {
        Str { data: bytes.as_ptr().cast(), len: bytes.len() }
    }
    /// # Safety
    /// What came from the host lives as long as its call or its token; so does the slice.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.data.cast(), self.len)
    }
}

#[repr(C)]
pub struct Kv {
    pub key: Str,
    pub value: Str,
}

#[repr(C)]
pub struct Descriptor {
    pub size: u32,
    pub abi_minor: u32,
    pub min_host_minor: u32,
    pub capabilities: u32,
    pub id: *const c_char,
    pub driver: *const c_char,
    pub name: *const c_char,
    pub version: *const c_char,
    pub vendor: *const c_char,
    pub channel: *const c_char,
    pub settings_schema: *const c_char,
}

#[repr(C)]
pub struct Traits {
    pub size: u32,
    pub capabilities: u32,
    pub max_in_flight: u32,
    pub flags: u32,
    pub idempotency_window_ms: i64,
    pub not_found_certain_after_ms: i64,
    pub expected_receipts: *const c_void,
    pub expected_receipt_count: usize,
}

#[repr(C)]
pub struct Part {
    pub size: u32,
    pub zero: u32,
    pub role: Str,
    pub media_type: Str,
    pub file_name: Str,
    pub bytes: Str,
    pub sha256: *const u8,
}

/// As far as this plugin reads: a struct with `size` may be longer than its reader knows (R1).
#[repr(C)]
pub struct Addressee {
    pub size: u32,
    pub flags: u32,
    pub channel: Str,
    pub address: Str,
}

#[repr(C)]
pub struct Message {
    pub size: u32,
    pub flags: u32,
    pub token: u64,
    pub idempotency_key: Str,
    pub addressee: *const Addressee,
    pub sender: *const c_void,
    pub service: Str,
    pub subject: Str,
    pub parts: *const *const Part,
    pub part_count: usize,
    pub references: *const Kv,
    pub reference_count: usize,
    pub attempt_number: u32,
    pub zero: u32,
    pub dated_ms: i64,
    pub not_after_ms: i64,
    pub valid_until_ms: i64,
}

#[repr(C)]
pub struct MessageResult {
    pub size: u32,
    pub outcome: u32,
    pub token: u64,
    pub failure: u32,
    pub flags: u32,
    pub refs: *const Str,
    pub ref_count: usize,
    pub code: Str,
    pub text: Str,
    pub retry_after_ms: i64,
    pub price: *const c_void,
    pub pieces: u32,
    pub zero: u32,
}

#[repr(C)]
pub struct Raw {
    pub size: u32,
    pub zero: u32,
    pub token: u64,
    pub kind: Str,
    pub bytes: Str,
    pub received_at_ms: i64,
}

#[repr(C)]
pub struct Receipt {
    pub size: u32,
    pub kind: u32,
    pub reference: Str,
    pub idempotency_key: Str,
    pub part_index: u32,
    pub part_count: u32,
    pub flags: u32,
    pub failure: u32,
    pub code: Str,
    pub text: Str,
    pub provider_time_ms: i64,
    pub price: *const c_void,
    pub evidence: *const c_void,
    pub evidence_count: usize,
}

#[repr(C)]
pub struct Parsed {
    pub size: u32,
    pub status: u32,
    pub token: u64,
    pub receipts: *const *const Receipt,
    pub receipt_count: usize,
    pub replies: *const c_void,
    pub reply_count: usize,
    pub error: Str,
}

#[repr(C)]
pub struct HttpRequest {
    pub size: u32,
    pub zero: u32,
    pub method: Str,
    pub url: Str,
    pub remote_address: Str,
    pub headers: *const Kv,
    pub header_count: usize,
    pub body: Str,
    pub received_at_ms: i64,
}

#[repr(C)]
pub struct HttpCall {
    pub size: u32,
    pub flags: u32,
    pub token: u64,
    pub method: Str,
    pub url: Str,
    pub headers: *const Kv,
    pub header_count: usize,
    pub body: Str,
    pub not_after_ms: i64,
    pub connect_timeout_ms: u32,
    pub timeout_ms: u32,
    pub reply_max: u64,
}

#[repr(C)]
pub struct HttpReply {
    pub size: u32,
    pub result: u32,
    pub token: u64,
    pub status: u32,
    pub zero: u32,
    pub headers: *const Kv,
    pub header_count: usize,
    pub body: Str,
    pub error: Str,
}

#[repr(C)]
pub struct Http {
    pub size: u32,
    pub zero: u32,
    pub send: unsafe extern "C" fn(*const Host, *const HttpCall) -> i32,
    pub cancel: unsafe extern "C" fn(*const Host, u64),
}

#[repr(C)]
pub struct HttpClient {
    pub size: u32,
    pub zero: u32,
    pub replied: unsafe extern "C" fn(*mut Instance, *const *const HttpReply, usize),
}

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi_minor: u32,
    pub complete: unsafe extern "C" fn(*const Host, *const *const MessageResult, usize),
    pub recalled: Unused,
    pub discarded: Unused,
    pub parsed: unsafe extern "C" fn(*const Host, *const *const Parsed, usize),
    pub polled: Unused,
    pub inbound: Unused,
    pub ready: Unused,
    pub health: Unused,
    pub wake: Unused,
    pub log: unsafe extern "C" fn(*const Host, i32, Str, *const Kv, usize),
    pub metric: Unused,
    pub state_get: Unused,
    pub state_put: Unused,
    pub business_ms: Unused,
    pub wall_ms: Unused,
    pub extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub webhook_url: Unused,
}

/// The host's view of an instance: it only hands the pointer back.
#[repr(C)]
pub struct Instance {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Plugin {
    pub size: u32,
    pub zero: u32,
    pub descriptor: *const Descriptor,
    pub create: unsafe extern "C" fn(*const Host, Str, Str, *const c_void, *mut *mut Instance) -> i32,
    pub traits: unsafe extern "C" fn(*mut Instance) -> *const Traits,
    pub start: unsafe extern "C" fn(*mut Instance) -> i32,
    pub submit: unsafe extern "C" fn(*mut Instance, *const *const Message, usize),
    pub stop: unsafe extern "C" fn(*mut Instance, u32),
    pub destroy: unsafe extern "C" fn(*mut Instance),
    pub commit: Unused,
    pub discard: Unused,
    pub recall: Unused,
    pub query: Unused,
    pub stored: Unused,
    pub room: Unused,
    pub parse: Option<unsafe extern "C" fn(*mut Instance, *const *const Raw, usize)>,
    pub poll: Unused,
    pub wake: Unused,
    pub authenticate: Option<unsafe extern "C" fn(*mut Instance, *const HttpRequest, *const c_void) -> u32>,
    pub quote: Unused,
    pub extension: Option<unsafe extern "C" fn(*mut Instance, *const c_char) -> *const c_void>,
}

/// The tables are constants: shared between threads, never written.
pub struct Shared<T>(pub T);
unsafe impl<T> Sync for Shared<T> {}
