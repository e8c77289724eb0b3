//! A scanner over a good service and a bad one. Whatever the bad one does, the good one keeps its process; that is looked
//! at again when the test ends.
#![allow(dead_code)] // Each test program uses a part of it.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt;

use supervisor::status::{Phase, Status};

use crate::scene::{self, SLEEP, Scene};

/// The scene, with `good` and `bad` in the scan directory.
pub struct Neighbours {
    scene: Scene,
    /// The scanner.
    pub scanner: u32,
    good: u32,
}

impl Neighbours {
    /// Starts the scanner over `good`, and waits until that runs.
    pub fn new() -> Self {
        Self::of(|_| ())
    }

    /// The same with a bad service that is there from the beginning: `make` makes the directory `bad`.
    pub fn of(make: impl FnOnce(&Scene)) -> Self {
        let mut scene = Scene::new();
        scene.file("good/run", SLEEP);
        make(&scene);
        fs::create_dir_all(scene.path.join("scan")).unwrap();
        for name in ["good", "bad"] {
            if scene.path.join(name).exists() {
                scene::link(&scene, name);
            }
        }
        let scanner = scene::svscan(&mut scene, &["scan"]);
        let good = scene.await_record("good", |status| status.phase == Phase::Run).pid;
        Self { scene, scanner, good }
    }

    /// Waits until a message is told that has these words.
    pub fn expect_message(&self, words: &str) {
        self.scene.await_text("messages", |text| text.lines().any(|line| line == words));
    }

    /// Waits until the bad service runs; gives its pid.
    pub fn expect_running(&self) -> u32 {
        self.scene.await_record("bad", |status| status.phase == Phase::Run && status.pid > 0).pid
    }

    /// The record of the bad service.
    pub fn bad(&self) -> Option<Status> {
        self.scene.record("bad")
    }

    /// Tells the scanner to look again.
    pub fn scan(&self) {
        self.scene.letters("scan/.svscan/control", "a");
    }

    /// Sets the mode of a file.
    pub fn set_mode(&self, file: &str, mode: u32) {
        fs::set_permissions(self.scene.path.join(file), fs::Permissions::from_mode(mode)).unwrap();
    }
}

impl Deref for Neighbours {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl DerefMut for Neighbours {
    fn deref_mut(&mut self) -> &mut Scene {
        &mut self.scene
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        let now = self.scene.record("good").map_or(0, |status| status.pid);
        if !std::thread::panicking() {
            assert_eq!(now, self.good, "the good service was touched");
            assert!(scene::is_alive(self.scanner), "the scanner has ended");
        }
    }
}
