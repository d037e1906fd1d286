"""From a scene's content to its picture: shapes, colours, textures, backgrounds and exact boxes."""
