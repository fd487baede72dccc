//! The import `greenroom:memory/blob`.

use std::sync::Arc;

use greenroom_model::{Digest, Verb};
use wasmtime::component::Resource;

use super::{Answer, Heard, answer, told, within};
use crate::bindings::shared::greenroom::memory::blob;
use crate::capabilities::MemoryError;
use crate::contents::{MemoryBlob, MemoryUpload};
use crate::context::Context;
use crate::imports::PAGE_MAX;
use crate::latest::About;
use crate::tape::{AskedContents, Question};

/// A namespace of blobs that a guest has open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Blob(pub(super) Arc<str>);

/// An upload that a guest goes on with.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenUpload {
    namespace: Arc<str>,
    upload: Box<dyn MemoryUpload>,
    bytes: u64,
}

/// Uploads that an instance may have open: each holds some pieces of a content.
const UPLOADS_MAX: u32 = 4;

fn info(found: MemoryBlob) -> blob::Info {
    blob::Info { digest: found.digest.to_string(), bytes: found.bytes, existed: found.existed }
}

fn digest(text: &str) -> Result<Digest, MemoryError> {
    let wrong = |error| MemoryError::Invalid(format!("{text:?} is no digest: {error}"));
    text.parse().map_err(wrong)
}

impl Context {
    /// Begins to ask about a blob, of which a guest says the digest.
    fn about_blob(&mut self, function: &'static str, name: &Arc<str>, text: &str, verb: Verb) -> Heard<Digest> {
        ok!(within(self.asks(function, About::of(name, text), text.len()))?);
        let digest = ok!(digest(text).inspect_err(|_| self.latest.answered("invalid")));
        ok!(self.may(name, &digest.to_string(), verb));
        Ok(Ok(digest))
    }

    /// Where so many are open.
    async fn begin_upload(&mut self, name: Arc<str>, ttl_ms: Option<u64>, open: u32) -> Heard<OpenUpload> {
        ok!(within(self.asks("upload", About::of(&name, ""), 0))?);
        if open >= UPLOADS_MAX {
            return Ok(Err(MemoryError::Quota(format!("held more than {UPLOADS_MAX} uploads open"))));
        }
        // Whose digest is not known yet.
        ok!(self.may(&name, "", Verb::Append));
        ok!(within(self.meter_write(&name, 0))?);
        let later = self.memory().contents().upload(&name, ttl_ms);
        let begun = self.wait(later).await?;
        let (upload, begun) = match begun {
            Ok(upload) => (Some(upload), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.heard(&Question::Contents(&AskedContents::Upload(&name, ttl_ms)), &begun);
        Ok(begun.and_then(|()| {
            let gone = || MemoryError::Unavailable("the upload is gone".to_owned());
            Ok(OpenUpload { namespace: name, upload: upload.ok_or_else(gone)?, bytes: 0 })
        }))
    }

    async fn go_on(&mut self, upload: &mut OpenUpload, bytes: Vec<u8>) -> Heard<()> {
        let name = Arc::clone(&upload.namespace);
        ok!(within(self.asks("write", About::of(&name, ""), bytes.len()))?);
        ok!(self.may(&name, "", Verb::Append));
        ok!(within(self.meter_write(&name, bytes.len()))?);
        upload.bytes += bytes.len() as u64;
        let later = upload.upload.write(bytes);
        let written = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::UploadWrite(&name, upload.bytes)), &written);
        Ok(written)
    }

    async fn finish_upload(&mut self, upload: &OpenUpload) -> Heard<MemoryBlob> {
        let name = Arc::clone(&upload.namespace);
        ok!(within(self.asks("finish", About::of(&name, ""), 0))?);
        ok!(self.may(&name, "", Verb::Append));
        let later = upload.upload.finish();
        let finished = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::UploadFinish(&name, upload.bytes)), &finished);
        Ok(finished)
    }

    async fn put_blob(&mut self, name: Arc<str>, content: Vec<u8>, ttl_ms: Option<u64>) -> Heard<MemoryBlob> {
        let mut upload = ok!(self.begin_upload(name, ttl_ms, 0).await?);
        ok!(self.go_on(&mut upload, content).await?);
        self.finish_upload(&upload).await
    }

    /// An upload, taken out of the table for as long as it is worked on; see [`put_back`](Self::put_back).
    fn taken(&mut self, handle: &Resource<OpenUpload>) -> wasmtime::Result<OpenUpload> {
        let open = self.table.get_mut(handle)?;
        let nothing = OpenUpload { namespace: Arc::clone(&open.namespace), upload: Box::new(Gone), bytes: open.bytes };
        Ok(std::mem::replace(open, nothing))
    }

    fn put_back(&mut self, handle: &Resource<OpenUpload>, upload: OpenUpload) -> wasmtime::Result<()> {
        *self.table.get_mut(handle)? = upload;
        Ok(())
    }
}

/// In the place of an upload that was being worked on when the call ended.
struct Gone;

impl MemoryUpload for Gone {
    fn write(&self, _: Vec<u8>) -> crate::Later<()> {
        Box::pin(std::future::ready(Err(MemoryError::Invalid("the upload is over".to_owned()))))
    }

    fn finish(&self) -> crate::Later<MemoryBlob> {
        Box::pin(std::future::ready(Err(MemoryError::Invalid("the upload is over".to_owned()))))
    }
}

impl blob::Host for Context {}

impl blob::HostUpload for Context {
    async fn write(&mut self, handle: Resource<OpenUpload>, bytes: Vec<u8>) -> Answer<()> {
        let mut upload = self.taken(&handle)?;
        let written = self.go_on(&mut upload, bytes).await?;
        self.put_back(&handle, upload)?;
        answer(Ok(written))
    }

    async fn finish(&mut self, handle: Resource<OpenUpload>) -> Answer<blob::Info> {
        let upload = self.taken(&handle)?;
        let finished = self.finish_upload(&upload).await?;
        Ok(finished.map(info).map_err(told))
    }

    fn drop(&mut self, handle: Resource<OpenUpload>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        self.uploads = self.uploads.saturating_sub(1);
        self.handle_dropped();
        Ok(())
    }
}

impl blob::HostNamespace for Context {
    fn open(&mut self, name: String) -> Answer<Resource<Blob>> {
        answer(self.open_kind(name))
    }

    async fn upload(&mut self, handle: Resource<Blob>, ttl_ms: Option<u64>) -> Answer<Resource<OpenUpload>> {
        let name = self.named(&handle)?;
        let upload = match self.begin_upload(name, ttl_ms, self.uploads).await? {
            Ok(upload) => upload,
            Err(error) => return answer(Ok(Err(error))),
        };
        if let Err(over) = within(self.meter_handle())? {
            return answer(Ok(Err(over)));
        }
        self.uploads += 1;
        Ok(Ok(self.table.push(upload)?))
    }

    async fn put(&mut self, handle: Resource<Blob>, content: Vec<u8>, ttl_ms: Option<u64>) -> Answer<blob::Info> {
        let name = self.named(&handle)?;
        let put = self.put_blob(name, content, ttl_ms).await?;
        Ok(put.map(info).map_err(told))
    }

    async fn stat(&mut self, handle: Resource<Blob>, text: String) -> Answer<Option<u64>> {
        let name = self.named(&handle)?;
        answer(self.stat_blob(&name, &text).await)
    }

    async fn read(&mut self, handle: Resource<Blob>, text: String, offset: u64, length: u32) -> Answer<Vec<u8>> {
        let name = self.named(&handle)?;
        answer(self.read_blob(&name, &text, offset, length).await)
    }

    async fn delete(&mut self, handle: Resource<Blob>, text: String) -> Answer<bool> {
        let name = self.named(&handle)?;
        answer(self.delete_blob(&name, &text).await)
    }

    async fn scan(&mut self, handle: Resource<Blob>, after: Option<String>, limit: u32) -> Answer<blob::Page> {
        let name = self.named(&handle)?;
        answer(self.blobs(&name, after.as_deref(), limit).await)
    }

    fn drop(&mut self, handle: Resource<Blob>) -> wasmtime::Result<()> {
        self.close(handle)
    }
}

impl Context {
    async fn stat_blob(&mut self, name: &Arc<str>, text: &str) -> Heard<Option<u64>> {
        let digest = ok!(self.about_blob("stat", name, text, Verb::Read)?);
        ok!(within(self.meter_reads(name, 1))?);
        let later = self.memory().contents().blob(name, digest);
        let found = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::Blob(name, digest)), &found);
        Ok(found)
    }

    async fn read_blob(&mut self, name: &Arc<str>, text: &str, offset: u64, length: u32) -> Heard<Vec<u8>> {
        let digest = ok!(self.about_blob("read", name, text, Verb::Read)?);
        ok!(within(self.meter_reads(name, 1))?);
        let later = self.memory().contents().read_blob(name, digest, offset, length);
        let found = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::ReadBlob(name, digest, offset, length)), &found);
        let bytes = ok!(found);
        ok!(within(self.meter_bytes(bytes.len()))?);
        Ok(Ok(bytes))
    }

    async fn delete_blob(&mut self, name: &Arc<str>, text: &str) -> Heard<bool> {
        let digest = ok!(self.about_blob("delete", name, text, Verb::Write)?);
        ok!(within(self.meter_write(name, text.len()))?);
        let later = self.memory().contents().delete_blob(name, digest);
        let existed = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::DeleteBlob(name, digest)), &existed);
        Ok(existed)
    }

    async fn blobs(&mut self, name: &Arc<str>, after: Option<&str>, limit: u32) -> Heard<blob::Page> {
        ok!(within(self.asks("scan", About::of(name, ""), after.map_or(0, str::len)))?);
        ok!(self.may(name, "", Verb::Read));
        let after = ok!(after.map(digest).transpose());
        let limit = limit.min(PAGE_MAX);
        let later = self.memory().contents().blobs(name, after, limit);
        let found = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::Blobs(name, after, limit)), &found);
        let page = ok!(found);
        ok!(within(self.meter_reads(name, page.blobs.len()))?);
        ok!(within(self.meter_bytes(page.blobs.len() * size_of::<MemoryBlob>()))?);
        let blobs = page.blobs.into_iter().map(info).collect();
        Ok(Ok(blob::Page { blobs, next: page.next.map(|digest| digest.to_string()) }))
    }
}
