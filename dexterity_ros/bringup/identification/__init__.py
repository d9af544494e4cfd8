"""Which spring, damper, friction and delay each joint has: excited, recorded, fitted on our own model."""
