//! What the registry crate promises: what is pulled is what was pushed, signed by whom, or nothing at all.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod layout;
mod remote;
mod server;

use greenroom_model::{Digest, Signatures, verify};
use greenroom_registry::{
    Access, At, Description, PrivateKey, Pulled, Pushed, Reference, RegistryError, Wanted, pull, push,
};

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0 as good as a component: nobody looks into it here";

fn says() -> Description {
    Description {
        name: "ease".to_owned(),
        contract: "greenroom:agent@0.2.0".to_owned(),
        source: "https://example.com/agents at 1f3a".to_owned(),
        exports: vec!["greenroom:agent/policy@0.2.0".to_owned()],
        imports: vec!["greenroom:agent/log@0.2.0".to_owned()],
    }
}

fn signed(key: &PrivateKey) -> Signatures {
    let mut signatures = Signatures::default();
    signatures.add(key.sign(&Digest::of(COMPONENT)).unwrap());
    signatures
}

fn bring(to: &str, signatures: &Signatures) -> Result<Pushed, RegistryError> {
    push(&to.parse().unwrap(), &Access::default(), COMPONENT, &says(), signatures)
}

fn get(from: &str) -> Result<Pulled, RegistryError> {
    pull(&from.parse().unwrap(), &Access::default(), &Wanted::default())
}

#[track_caller]
fn refused(pulled: Result<Pulled, RegistryError>, why: &str) {
    let told = pulled.unwrap_err().to_string();
    assert!(told.contains(why), "{told}");
}

/// All that holds of any registry.
#[track_caller]
fn keeps_what_it_is_given(name: &str) {
    let tagged = format!("{name}:1.2");
    let (one, other) = (PrivateKey::new().unwrap(), PrivateKey::new().unwrap());
    let pushed = bring(&tagged, &Signatures::default()).unwrap();
    assert_eq!(pushed.component, Digest::of(COMPONENT));
    let pulled = get(&tagged).unwrap();
    assert_eq!((pulled.bytes.as_slice(), pulled.manifest), (COMPONENT, pushed.manifest));
    assert!(pulled.signatures.is_empty());
    assert_eq!(pulled.annotations["org.opencontainers.image.title"], "ease");
    assert_eq!(pulled.annotations["dev.greenroom.contract"], "greenroom:agent@0.2.0");
    assert_eq!(pulled.annotations["org.opencontainers.image.source"], "https://example.com/agents at 1f3a");

    // Again, and signed by two, one after the other: the manifest, and whoever pins it, stays.
    for key in [&one, &other, &one] {
        assert_eq!(bring(&tagged, &signed(key)).unwrap().manifest, pushed.manifest);
    }
    let pulled = get(&format!("{name}@{}", pushed.manifest)).unwrap();
    assert_eq!(pulled.signatures.iter().count(), 2);
    for key in [&one, &other] {
        let public = key.public().unwrap();
        assert_eq!(verify(&pulled.component, &pulled.signatures, &[public]), Ok(public));
    }

    // What is not as it is wanted.
    let reference: Reference = tagged.parse().unwrap();
    let (access, another) = (Access::default(), Digest::of(b"another"));
    let pinned = Wanted { component: Some(another), ..Wanted::default() };
    refused(pull(&reference, &access, &pinned), &format!("its component is {}, expected {another}", pulled.component));
    let small = Wanted { bytes_max: 10, ..Wanted::default() };
    refused(pull(&reference, &access, &small), &format!("has {} bytes, of at most 10", COMPONENT.len()));
    refused(get(&format!("{name}:2")), "has no component with the tag `2`");
    refused(get(&format!("{name}@{another}")), &format!("has no manifest {another}"));
    let fixed = Reference { at: At::Digest(another), ..reference };
    let told = push(&fixed, &access, COMPONENT, &says(), &Signatures::default()).unwrap_err().to_string();
    assert!(told.contains("pushed under a tag"), "{told}");
}
