"""Posts as social media have them: a scene, a phrase in one of several languages, and the noise around it."""

from impasto_lab.worlds.posts.phrases import LANGUAGES, Language
from impasto_lab.worlds.posts.post import Post, draw_post

__all__ = ["LANGUAGES", "Language", "Post", "draw_post"]
