//! The import `greenroom:memory/vector`.

use std::sync::Arc;

use greenroom_model::Verb;
use wasmtime::component::Resource;

use super::{Answer, Heard, answer, each, within};
use crate::bindings::shared::greenroom::memory::vector;
use crate::capabilities::MemoryError;
use crate::contents::{MemoryFilter, MemoryNeighbor, MemoryVector, PutMemoryVector};
use crate::context::Context;
use crate::imports::{BATCH_MAX, PAGE_MAX};
use crate::latest::About;
use crate::tape::{AskedContents, Question};

/// A namespace of vectors that a guest has open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Vector(pub(super) Arc<str>);

fn text_bytes(labels: &[String]) -> usize {
    labels.iter().map(String::len).sum()
}

fn bytes(vector: &MemoryVector) -> usize {
    vector.key.len() + size_of_val(vector.vector.as_slice()) + text_bytes(&vector.labels) + vector.payload.len()
}

fn entry(found: MemoryVector) -> vector::Entry {
    let MemoryVector { key, vector, labels, payload, revision } = found;
    vector::Entry { key, vector, labels, payload, revision }
}

fn neighbor(found: MemoryNeighbor) -> vector::Neighbor {
    let MemoryNeighbor { key, distance, labels, payload, revision } = found;
    vector::Neighbor { key, distance, labels, payload, revision }
}

impl Context {
    async fn put_vectors(
        &mut self,
        function: &'static str,
        name: Arc<str>,
        items: Vec<vector::Item>,
        ttl_ms: Option<u64>,
    ) -> wasmtime::Result<Vec<Result<u64, MemoryError>>> {
        let count = items.len();
        let refused = |error: MemoryError| Ok(vec![Err(error); count]);
        let vectors: Vec<MemoryVector> = items
            .into_iter()
            .map(|vector::Item { key, vector, labels, payload }| {
                let revision = 0;
                MemoryVector { key, vector, labels, payload, revision }
            })
            .collect();
        let about = About::of(&name, vectors.first().map_or("", |vector| vector.key.as_str()));
        if let Err(over) = self.asks(function, about, vectors.iter().map(bytes).sum())? {
            return refused(MemoryError::Quota(over));
        }
        if count > BATCH_MAX {
            return refused(MemoryError::TooLarge(format!("{count} entries, at most {BATCH_MAX}")));
        }
        let mut answers = vec![Ok(0); count];
        let (mut puts, mut places) = (Vec::new(), Vec::new());
        for ((place, vector), answer) in vectors.into_iter().enumerate().zip(&mut answers) {
            // Who may only append writes what is not there yet.
            let new = !self.permits(&name, &vector.key, Verb::Write);
            let permitted = self.may(&name, &vector.key, if new { Verb::Append } else { Verb::Write });
            let within_budget = match permitted {
                Ok(()) => within(self.meter_write(&name, bytes(&vector)))?,
                denied => denied,
            };
            match within_budget {
                Ok(()) => {
                    puts.push(PutMemoryVector { vector, new });
                    places.push(place);
                }
                Err(error) => *answer = Err(error),
            }
        }
        if puts.is_empty() {
            return Ok(answers);
        }
        let asked = puts.clone();
        let later = self.memory().contents().put_vectors(&name, puts, ttl_ms);
        let written = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::PutVectors(&name, &asked, ttl_ms)), &written);
        let short = || Err(MemoryError::Unavailable("the memory layer did not answer for it".to_owned()));
        let mut written = match written {
            Ok(written) => written.into_iter(),
            Err(error) => vec![Err(error); places.len()].into_iter(),
        };
        for place in places {
            if let Some(answer) = answers.get_mut(place) {
                *answer = written.next().unwrap_or_else(short);
            }
        }
        Ok(answers)
    }

    async fn vector_at(&mut self, name: &Arc<str>, key: &str) -> Heard<Option<vector::Entry>> {
        ok!(within(self.asks("get", About::of(name, key), key.len()))?);
        ok!(self.may(name, key, Verb::Read));
        ok!(within(self.meter_reads(name, 1))?);
        let later = self.memory().contents().vector(name, key);
        let found = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::Vector(name, key)), &found);
        let found = ok!(found);
        ok!(within(self.meter_bytes(found.as_ref().map_or(0, bytes)))?);
        Ok(Ok(found.map(entry)))
    }

    async fn delete_vector(&mut self, name: &Arc<str>, key: &str) -> Heard<bool> {
        ok!(within(self.asks("delete", About::of(name, key), key.len()))?);
        ok!(self.may(name, key, Verb::Write));
        ok!(within(self.meter_write(name, key.len()))?);
        let later = self.memory().contents().delete_vector(name, key);
        let existed = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::DeleteVector(name, key)), &existed);
        Ok(existed)
    }

    async fn nearest(
        &mut self,
        name: &Arc<str>,
        to: Vec<f32>,
        count: u32,
        filter: vector::Filter,
    ) -> Heard<Vec<vector::Neighbor>> {
        let vector::Filter { prefix, all_of, any_of, none_of } = filter;
        let filter = MemoryFilter { prefix, all_of, any_of, none_of };
        let labels = [&filter.all_of, &filter.any_of, &filter.none_of];
        let asked = size_of_val(to.as_slice()) + filter.prefix.len();
        let asked = asked + labels.into_iter().map(|labels| text_bytes(labels)).sum::<usize>();
        ok!(within(self.asks("nearest", About::of(name, &filter.prefix), asked))?);
        // All that begins with it begins with what is granted.
        ok!(self.may(name, &filter.prefix, Verb::Read));
        let later = self.memory().contents().nearest(name, to.clone(), count, filter.clone());
        let found = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::Nearest(name, &to, count, &filter)), &found);
        let found = ok!(found);
        ok!(within(self.meter_reads(name, found.len()))?);
        let each = |one: &MemoryNeighbor| one.key.len() + text_bytes(&one.labels) + one.payload.len();
        ok!(within(self.meter_bytes(found.iter().map(each).sum()))?);
        Ok(Ok(found.into_iter().map(neighbor).collect()))
    }

    async fn vectors(&mut self, name: &Arc<str>, prefix: &str, after: Option<&str>, limit: u32) -> Heard<vector::Page> {
        let asked = prefix.len() + after.map_or(0, str::len);
        ok!(within(self.asks("scan", About::of(name, prefix), asked))?);
        ok!(self.may(name, prefix, Verb::Read));
        let limit = limit.min(PAGE_MAX);
        let later = self.memory().contents().vectors(name, prefix, after, limit);
        let found = self.wait(later).await?;
        self.heard(&Question::Contents(&AskedContents::Vectors(name, prefix, after, limit)), &found);
        let page = ok!(found);
        ok!(within(self.meter_reads(name, page.vectors.len()))?);
        ok!(within(self.meter_bytes(page.vectors.iter().map(bytes).sum()))?);
        Ok(Ok(vector::Page { entries: page.vectors.into_iter().map(entry).collect(), next: page.next }))
    }
}

impl vector::Host for Context {}

impl vector::HostNamespace for Context {
    fn open(&mut self, name: String) -> Answer<Resource<Vector>> {
        answer(self.open_kind(name))
    }

    async fn put(&mut self, handle: Resource<Vector>, item: vector::Item, ttl_ms: Option<u64>) -> Answer<u64> {
        let name = self.named(&handle)?;
        let answers = self.put_vectors("put", name, vec![item], ttl_ms).await?;
        let none = || Err(MemoryError::Unavailable("the memory layer did not answer".to_owned()));
        answer(Ok(answers.into_iter().next().unwrap_or_else(none)))
    }

    async fn put_many(
        &mut self,
        handle: Resource<Vector>,
        items: Vec<vector::Item>,
        ttl_ms: Option<u64>,
    ) -> wasmtime::Result<Vec<Result<u64, crate::bindings::shared::greenroom::memory::types::Error>>> {
        let name = self.named(&handle)?;
        each(self.put_vectors("put-many", name, items, ttl_ms).await?, |revision| revision)
    }

    async fn get(&mut self, handle: Resource<Vector>, key: String) -> Answer<Option<vector::Entry>> {
        let name = self.named(&handle)?;
        answer(self.vector_at(&name, &key).await)
    }

    async fn delete(&mut self, handle: Resource<Vector>, key: String) -> Answer<bool> {
        let name = self.named(&handle)?;
        answer(self.delete_vector(&name, &key).await)
    }

    async fn nearest(
        &mut self,
        handle: Resource<Vector>,
        to: Vec<f32>,
        count: u32,
        filter: vector::Filter,
    ) -> Answer<Vec<vector::Neighbor>> {
        let name = self.named(&handle)?;
        answer(self.nearest(&name, to, count, filter).await)
    }

    async fn scan(
        &mut self,
        handle: Resource<Vector>,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<vector::Page> {
        let name = self.named(&handle)?;
        answer(self.vectors(&name, &prefix, after.as_deref(), limit).await)
    }

    fn drop(&mut self, handle: Resource<Vector>) -> wasmtime::Result<()> {
        self.close(handle)
    }
}
