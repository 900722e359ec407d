package dev.loopgate.fleet;

/// What a body or a manifest declares, before any rule looked at it.
///
/// @param <S> what is declared
/// @param id empty when it names none; anything else may stand here
/// @param isDefault whether it says that it is a default route, which nobody may declare
public record Declaration<S>(String id, S spec, boolean isDefault) {}
