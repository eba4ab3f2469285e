//! The sensor: sees what happens on one device, turns it into rows, keeps them until the server has them.
