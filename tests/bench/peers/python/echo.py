"""Echo on awslambdaric."""


def handler(event, _context):
    return event
