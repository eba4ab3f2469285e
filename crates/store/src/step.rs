//! Named points between changes to the file system. A test copies the store's directory at each of them, which is what
//! a crash there would leave, and opens the copy. In the program they do nothing.

#[cfg(test)]
thread_local! {
    /// Called at each step of this thread, with its name.
    pub(crate) static HOOK: std::cell::RefCell<Option<Hook>> = const { std::cell::RefCell::new(None) };
}

#[cfg(test)]
type Hook = Box<dyn FnMut(&'static str)>;

/// A point at which the process may die.
pub(crate) fn step(name: &'static str) {
    #[cfg(test)]
    if let Some(mut hook) = HOOK.take() {
        // What the hook itself does makes no steps.
        hook(name);
        HOOK.set(Some(hook));
    }
    #[cfg(not(test))]
    let _ = name;
}
